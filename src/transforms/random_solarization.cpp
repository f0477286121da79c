#include "lightly/transforms/random_solarization.hpp"

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"

namespace lightly::transforms {

void RandomSolarizationOptions::check() const {
  core::check_probability("RandomSolarization", "prob", prob);
  TORCH_CHECK_VALUE(threshold >= 0 && threshold <= 256,
                    "RandomSolarization: threshold must be in [0, 256], got ", threshold);
}

RandomSolarization::RandomSolarization(RandomSolarizationOptions options) : options_(options) {
  options_.check();
}

bool RandomSolarization::sample(core::Random& random) const {
  return random.bernoulli(options_.prob);
}

at::Tensor RandomSolarization::operator()(const at::Tensor& image, core::Random& random) const {
  core::check_image("RandomSolarization", image);
  return sample(random) ? functional::solarize(image, options_.threshold) : image;
}

}  // namespace lightly::transforms
