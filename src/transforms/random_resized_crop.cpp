#include "lightly/transforms/random_resized_crop.hpp"

#include <algorithm>
#include <cmath>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"

namespace lightly::transforms {
namespace {

constexpr int kTries = 10;

// Half to even, as Python's round.
std::int64_t round_to_even(double value) {
  return std::llrint(value);
}

Box fallback(const Size& image, const std::array<double, 2>& ratio) {
  const double image_ratio = static_cast<double>(image.width) / static_cast<double>(image.height);
  std::int64_t height = image.height;
  std::int64_t width = image.width;
  if (image_ratio < ratio[0]) {
    height = std::max<std::int64_t>(1, round_to_even(static_cast<double>(width) / ratio[0]));
  } else if (image_ratio > ratio[1]) {
    width = std::max<std::int64_t>(1, round_to_even(static_cast<double>(height) * ratio[1]));
  }
  return {.top = (image.height - height) / 2,
          .left = (image.width - width) / 2,
          .height = height,
          .width = width};
}

std::int64_t below(std::int64_t n, core::Random& random) {
  return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n)));
}

}  // namespace

void RandomResizedCropOptions::check() const {
  check_size("RandomResizedCrop", "size", size);
  // Drawn in float32, in which the bounds must be finite and the ratio's above 0.
  const bool scales = scale[0] >= 0.0 && scale[0] <= scale[1] && scale[1] > 0.0;
  TORCH_CHECK_VALUE(scales && std::isfinite(static_cast<float>(scale[1])),
                    "RandomResizedCrop: scale must be 0 <= low <= high and high > 0, got {",
                    scale[0], ", ", scale[1], "}");
  const bool ratios = static_cast<float>(ratio[0]) > 0.0F && ratio[0] <= ratio[1];
  TORCH_CHECK_VALUE(ratios && std::isfinite(static_cast<float>(ratio[1])),
                    "RandomResizedCrop: ratio must be 0 < low <= high, got {", ratio[0], ", ",
                    ratio[1], "}");
}

RandomResizedCrop::RandomResizedCrop(RandomResizedCropOptions options) : options_(options) {
  options_.check();
}

Box RandomResizedCrop::sample(const Size& image_size, core::Random& random) const {
  check_size("RandomResizedCrop", "image_size", image_size);
  const auto [scale_low, scale_high] = options_.scale;
  const double area =
      static_cast<double>(image_size.height) * static_cast<double>(image_size.width);
  const float log_low = std::log(static_cast<float>(options_.ratio[0]));
  const float log_high = std::log(static_cast<float>(options_.ratio[1]));
  for (int i = 0; i < kTries; ++i) {
    const double target =
        area * random.uniform(static_cast<float>(scale_low), static_cast<float>(scale_high));
    const double aspect = std::exp(random.uniform(log_low, log_high));
    const std::int64_t width = round_to_even(std::sqrt(target * aspect));
    const std::int64_t height = round_to_even(std::sqrt(target / aspect));
    if (width > 0 && width <= image_size.width && height > 0 && height <= image_size.height) {
      const std::int64_t top = below(image_size.height - height + 1, random);
      const std::int64_t left = below(image_size.width - width + 1, random);
      return {.top = top, .left = left, .height = height, .width = width};
    }
  }
  return fallback(image_size, options_.ratio);
}

at::Tensor RandomResizedCrop::operator()(const at::Tensor& image, core::Random& random) const {
  core::check_image("RandomResizedCrop", image);
  const Box box = sample({image.size(1), image.size(2)}, random);
  return functional::resized_crop(image, {.box = box,
                                          .size = options_.size,
                                          .interpolation = options_.interpolation,
                                          .pass_order = options_.pass_order});
}

}  // namespace lightly::transforms
