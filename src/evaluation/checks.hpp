#pragma once

#include <cstdint>
#include <string_view>

#include <ATen/core/Tensor.h>

namespace lightly::evaluation {

/// Throws c10::ValueError unless `features` is a finite floating-point matrix on the CPU with at
/// least one row and column; returns it as contiguous float32 without history.
at::Tensor checked_features(std::string_view callee, std::string_view name,
                            const at::Tensor& features);

/// The length of the longest row of a contiguous float32 matrix, in double; not finite when one of
/// its numbers is not.
double longest_row(const at::Tensor& matrix);

/// Throws c10::ValueError unless `labels` is int64 [rows] on the CPU with values in [0, classes);
/// returns it contiguous.
at::Tensor checked_labels(std::string_view callee, std::string_view name, const at::Tensor& labels,
                          std::int64_t rows, std::int64_t classes);

}  // namespace lightly::evaluation
