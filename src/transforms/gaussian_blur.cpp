#include "lightly/transforms/gaussian_blur.hpp"

#include <algorithm>
#include <cmath>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"
#include "transforms/view_checks.hpp"

namespace lightly::transforms {

void GaussianBlurOptions::check() const {
  check_sigmas("GaussianBlur", "sigmas", sigmas);
  core::check_probability("GaussianBlur", "prob", prob);
  if (early_radius) {
    const double kernel_size = early_radius->kernel_size;
    TORCH_CHECK_VALUE(kernel_size > 0.0 && kernel_size <= functional::kLargestBlurRadius,
                      "GaussianBlur: kernel_size must be in (0, ", functional::kLargestBlurRadius,
                      "], got ", kernel_size);
    core::check_probability("GaussianBlur", "scale", early_radius->scale);
  }
}

GaussianBlur::GaussianBlur(GaussianBlurOptions options) : options_(options) {
  options_.check();
}

std::optional<double> GaussianBlur::sample(core::Random& random) const {
  if (!random.bernoulli(options_.prob)) {
    return std::nullopt;
  }
  if (options_.early_radius) {
    const auto [kernel, scale] = *options_.early_radius;
    const double drawn = kernel + scale * kernel * random.normal();
    return std::floor(std::clamp(drawn, (1.0 - scale) * kernel, (1.0 + scale) * kernel) / 2.0);
  }
  return random.uniform(static_cast<float>(options_.sigmas[0]),
                        static_cast<float>(options_.sigmas[1]));
}

at::Tensor GaussianBlur::operator()(const at::Tensor& image, core::Random& random) const {
  core::check_image("GaussianBlur", image);
  const std::optional<double> radius = sample(random);
  return radius ? functional::gaussian_blur(image, *radius) : image;
}

}  // namespace lightly::transforms
