#include "lightly/transforms/normalization.hpp"

#include <cmath>

#include <c10/util/Exception.h>

namespace lightly::transforms {

void Normalization::check() const {
  // The floats of a view are made in float32.
  for (const double value : mean) {
    TORCH_CHECK_VALUE(std::isfinite(static_cast<float>(value)),
                      "Normalization: mean must be finite as a float32, got ", value);
  }
  for (const double value : std) {
    const auto rounded = static_cast<float>(value);
    TORCH_CHECK_VALUE(rounded > 0.0F && std::isfinite(rounded),
                      "Normalization: std must be > 0 and finite as a float32, got ", value);
  }
}

}  // namespace lightly::transforms
