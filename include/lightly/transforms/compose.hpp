#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"
#include "lightly/transforms/image_transform.hpp"

namespace lightly::transforms {

/// Applies transforms one after the other, as torchvision's Compose; none at all keeps the image.
class Compose {
 public:
  /// Throws c10::ValueError when one of the functions is empty.
  explicit Compose(std::vector<ImageTransform> transforms);

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const std::vector<ImageTransform>& transforms() const { return transforms_; }

 private:
  std::vector<ImageTransform> transforms_;
};

}  // namespace lightly::transforms
