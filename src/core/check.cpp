#include "lightly/core/check.hpp"

#include <cmath>

#include <c10/util/Exception.h>

namespace lightly::core {

void check_probability(std::string_view callee, std::string_view name, double value) {
  TORCH_CHECK_VALUE(value >= 0.0 && value <= 1.0, callee, ": ", name, " must be in [0, 1], got ",
                    value);
}

void check_positive(std::string_view callee, std::string_view name, double value) {
  TORCH_CHECK_VALUE(value > 0.0 && std::isfinite(value), callee, ": ", name,
                    " must be > 0 and finite, got ", value);
}

void check_not_negative(std::string_view callee, std::string_view name, double value) {
  TORCH_CHECK_VALUE(value >= 0.0 && std::isfinite(value), callee, ": ", name,
                    " must be >= 0 and finite, got ", value);
}

void check_at_least(std::string_view callee, std::string_view name, std::int64_t value,
                    std::int64_t least) {
  TORCH_CHECK_VALUE(value >= least, callee, ": ", name, " must be >= ", least, ", got ", value);
}

void check_image(std::string_view callee, const at::Tensor& image) {
  TORCH_CHECK_VALUE(image.defined(), callee, ": image must be a uint8 tensor [3, H, W], got none");
  const bool fits = image.scalar_type() == at::kByte && image.dim() == 3 && image.size(0) == 3 &&
                    image.size(1) >= 1 && image.size(2) >= 1 && image.device().is_cpu();
  TORCH_CHECK_VALUE(fits, callee, ": image must be a uint8 tensor [3, H, W] on the CPU, got ",
                    image.scalar_type(), " ", image.sizes(), " on ", image.device());
}

}  // namespace lightly::core
