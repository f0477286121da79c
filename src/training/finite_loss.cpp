#include "lightly/training/finite_loss.hpp"

#include <cmath>

#include <c10/util/Exception.h>

namespace lightly::training {

void check_finite_loss(double loss, std::int64_t epoch, std::int64_t step) {
  TORCH_CHECK(std::isfinite(loss), "check_finite_loss: the loss must be finite, got ",
              std::isnan(loss) ? "NaN" : (loss > 0.0 ? "infinity" : "-infinity"), " in epoch ",
              epoch, ", step ", step);
}

}  // namespace lightly::training
