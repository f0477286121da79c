#include "lightly/transforms/color_jitter.hpp"

#include <algorithm>
#include <utility>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"

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
  // In float32, as the factors are drawn.
  core::check_not_negative("ColorJitter", "brightness", static_cast<float>(brightness));
  core::check_not_negative("ColorJitter", "contrast", static_cast<float>(contrast));
  core::check_not_negative("ColorJitter", "saturation", static_cast<float>(saturation));
  TORCH_CHECK_VALUE(hue >= 0.0 && hue <= 0.5, "ColorJitter: hue must be in [0, 0.5], got ", hue);
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
