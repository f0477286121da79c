#pragma once

#include <array>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"
#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {

struct RandomResizedCropOptions {
  /// Size of the result in pixels: one number for a square, or `{height, width}`.
  Size size = 224;
  /// Range of the crop's share of the image's area, within [0, inf).
  std::array<double, 2> scale{0.08, 1.0};
  /// Range of the crop's width / height before resizing, > 0.
  std::array<double, 2> ratio{3.0 / 4.0, 4.0 / 3.0};
  functional::Interpolation interpolation = functional::Interpolation::kBilinear;
  /// Which Pillow's resize to equal.
  functional::PillowPassOrder pass_order = functional::PillowPassOrder::kCurrent;

  /// Throws c10::ValueError for a size < 1 px or a range that is empty or out of bounds.
  void check() const;
};

/// Shows a random part of the image at a fixed size, as torchvision's RandomResizedCrop (bilinear,
/// antialiased).
///
/// Up to ten times area and log aspect ratio are drawn; the first crop that fits is placed
/// uniformly. Else the largest central crop of an allowed aspect ratio is taken. Differs: that
/// fallback is never narrower than 1 px.
class RandomResizedCrop {
 public:
  explicit RandomResizedCrop(RandomResizedCropOptions options = {});

  /// The part of an image of that size to show.
  Box sample(const Size& image_size, core::Random& random) const;

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const RandomResizedCropOptions& options() const { return options_; }

 private:
  RandomResizedCropOptions options_;
};

}  // namespace lightly::transforms
