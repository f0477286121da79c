#include "lightly/transforms/compose.hpp"

#include <utility>

#include <c10/util/Exception.h>

namespace lightly::transforms {

Compose::Compose(std::vector<ImageTransform> transforms) : transforms_(std::move(transforms)) {
  for (const ImageTransform& transform : transforms_) {
    TORCH_CHECK_VALUE(transform, "Compose: every transform must be callable, got an empty one");
  }
}

at::Tensor Compose::operator()(const at::Tensor& image, core::Random& random) const {
  at::Tensor result = image;
  for (const ImageTransform& transform : transforms_) {
    result = transform(result, random);
  }
  return result;
}

}  // namespace lightly::transforms
