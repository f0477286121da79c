#include "lightly/transforms/color_jitter.hpp"

#include <algorithm>
#include <utility>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"
#include "transforms/view_checks.hpp"

namespace lightly::transforms {
namespace {

std::optional<double> factor_around_one(double strength, core::Random& random) {
  if (strength == 0.0) {
    return std::nullopt;
  }
  return random.uniform(static_cast<float>(std::max(0.0, 1.0 - strength)),
                        static_cast<float>(1.0 + strength));
}

}  // namespace

void ColorJitterOptions::check() const {
  check_strength("ColorJitter", "brightness", brightness);
  check_strength("ColorJitter", "contrast", contrast);
  check_strength("ColorJitter", "saturation", saturation);
  check_hue_strength("ColorJitter", "hue", hue);
}

ColorJitter::ColorJitter(ColorJitterOptions options) : options_(options) {
  options_.check();
}

ColorJitter::Params ColorJitter::sample(core::Random& random) const {
  Params params;
  for (std::size_t i = params.order.size(); i > 1; --i) {
    std::swap(params.order[i - 1], params.order[random.below(i)]);
  }
  params.brightness = factor_around_one(options_.brightness, random);
  params.contrast = factor_around_one(options_.contrast, random);
  params.saturation = factor_around_one(options_.saturation, random);
  if (options_.hue != 0.0) {
    const auto hue = static_cast<float>(options_.hue);
    params.hue = random.uniform(-hue, hue);
  }
  return params;
}

at::Tensor ColorJitter::apply(const at::Tensor& image, const Params& params) {
  TORCH_CHECK_VALUE(has_each_step_once(params), "ColorJitter: order must name each step once");
  at::Tensor result = image;
  for (const Step step : params.order) {
    if (step == Step::kBrightness && params.brightness) {
      result = functional::adjust_brightness(result, *params.brightness);
    } else if (step == Step::kContrast && params.contrast) {
      result = functional::adjust_contrast(result, *params.contrast);
    } else if (step == Step::kSaturation && params.saturation) {
      result = functional::adjust_saturation(result, *params.saturation);
    } else if (step == Step::kHue && params.hue) {
      result = functional::adjust_hue(result, *params.hue);
    }
  }
  return result;
}

at::Tensor ColorJitter::operator()(const at::Tensor& image, core::Random& random) const {
  core::check_image("ColorJitter", image);
  return apply(image, sample(random));
}

}  // namespace lightly::transforms
