#include "lightly/transforms/normalization.hpp"

#include <cmath>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"

namespace lightly::transforms {

void Normalization::check() const {
  for (const double value : mean) {
    TORCH_CHECK_VALUE(std::isfinite(value), "Normalization: mean must be finite, got ", value);
  }
  for (const double value : std) {
    core::check_positive("Normalization", "std", value);
  }
}

}  // namespace lightly::transforms
