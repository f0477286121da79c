#include "lightly/optim/scale_lr.hpp"

#include <cmath>

#include "lightly/core/check.hpp"

namespace lightly::optim {

double scale_lr(double base_lr, std::int64_t batch_size, LrScaling rule) {
  core::check_not_negative("scale_lr", "base_lr", base_lr);
  core::check_at_least("scale_lr", "batch_size", batch_size, 1);
  const auto images = static_cast<double>(batch_size);
  return rule == LrScaling::kLinear ? base_lr * images / 256.0 : base_lr * std::sqrt(images);
}

}  // namespace lightly::optim
