#pragma once

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {

struct CenterCropOptions {
  /// Size of the result in pixels: one number for a square, or `{height, width}`.
  Size size;

  /// Throws c10::ValueError for a size < 1 px.
  void check() const;
};

/// Shows the middle of the image, as torchvision's CenterCrop: an image that is smaller lies in the
/// middle of black.
class CenterCrop {
 public:
  explicit CenterCrop(CenterCropOptions options);

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const CenterCropOptions& options() const { return options_; }

 private:
  CenterCropOptions options_;
};

}  // namespace lightly::transforms
