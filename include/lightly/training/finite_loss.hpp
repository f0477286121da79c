#pragma once

#include <cstdint>

namespace lightly::training {

/// Throws c10::Error that names epoch and step when `loss` is NaN or infinite; call it before the
/// optimizer's step and before saving, so that the last checkpoint stays a good one.
void check_finite_loss(double loss, std::int64_t epoch, std::int64_t step);

}  // namespace lightly::training
