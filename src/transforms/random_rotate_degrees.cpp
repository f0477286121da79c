#include "lightly/transforms/random_rotate_degrees.hpp"

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"

namespace lightly::transforms {
namespace {

// Drawn in float32, whose steps are still a sixteenth of a degree here.
constexpr double kMostDegrees = 1e6;

}  // namespace

void RandomRotateDegreesOptions::check() const {
  core::check_probability("RandomRotateDegrees", "prob", prob);
  const auto [low, high] = degrees;
  TORCH_CHECK_VALUE(low >= -kMostDegrees && low <= high && high <= kMostDegrees,
                    "RandomRotateDegrees: degrees must be ", -kMostDegrees,
                    " <= low <= high <= ", kMostDegrees, ", got {", low, ", ", high, "}");
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
