#include "lightly/transforms/random_rotate_degrees.hpp"

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"
#include "transforms/view_checks.hpp"

namespace lightly::transforms {

void RandomRotateDegreesOptions::check() const {
  core::check_probability("RandomRotateDegrees", "prob", prob);
  check_degrees("RandomRotateDegrees", "degrees", degrees);
}

RandomRotateDegrees::RandomRotateDegrees(RandomRotateDegreesOptions options) : options_(options) {
  options_.check();
}

std::optional<double> RandomRotateDegrees::sample(core::Random& random) const {
  if (!random.bernoulli(options_.prob)) {
    return std::nullopt;
  }
  return random.uniform(static_cast<float>(options_.degrees.low),
                        static_cast<float>(options_.degrees.high));
}

at::Tensor RandomRotateDegrees::operator()(const at::Tensor& image, core::Random& random) const {
  core::check_image("RandomRotateDegrees", image);
  const std::optional<double> degrees = sample(random);
  return degrees ? functional::rotate(image, *degrees) : image;
}

}  // namespace lightly::transforms
