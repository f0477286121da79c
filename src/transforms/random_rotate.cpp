#include "lightly/transforms/random_rotate.hpp"

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"

namespace lightly::transforms {

void RandomRotateOptions::check() const {
  core::check_probability("RandomRotate", "prob", prob);
  TORCH_CHECK_VALUE(angle % 90 == 0, "RandomRotate: angle must be a multiple of 90, got ", angle);
}

RandomRotate::RandomRotate(RandomRotateOptions options) : options_(options) {
  options_.check();
}

std::int64_t RandomRotate::sample(core::Random& random) const {
  if (!random.bernoulli(options_.prob)) {
    return 0;
  }
  const bool clockwise = options_.random_sign && random.bernoulli(0.5);
  return clockwise ? -options_.angle : options_.angle;
}

at::Tensor RandomRotate::operator()(const at::Tensor& image, core::Random& random) const {
  core::check_image("RandomRotate", image);
  const std::int64_t angle = sample(random);
  // A double does not hold every multiple of 90.
  return angle != 0 ? functional::rotate(image, static_cast<double>(angle % 360)) : image;
}

}  // namespace lightly::transforms
