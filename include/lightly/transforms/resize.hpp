#pragma once

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"
#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {

struct ResizeOptions {
  /// Size of the result in pixels: one number for a square, or `{height, width}`.
  Size size;
  functional::Interpolation interpolation = functional::Interpolation::kBilinear;
  /// Which Pillow's resize to equal.
  functional::PillowPassOrder pass_order = functional::PillowPassOrder::kCurrent;

  /// Throws c10::ValueError for a size < 1 px.
  void check() const;
};

/// Brings every image to one size, as torchvision's Resize (antialiased unless nearest).
///
/// Differs: one number is a square, where torchvision keeps the aspect ratio and sets the shorter
/// side.
class Resize {
 public:
  explicit Resize(ResizeOptions options);

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const ResizeOptions& options() const { return options_; }

 private:
  ResizeOptions options_;
};

}  // namespace lightly::transforms
