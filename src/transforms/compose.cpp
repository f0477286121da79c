#include "lightly/transforms/compose.hpp"

#include <utility>

namespace lightly::transforms {

Compose::Compose(std::vector<ImageTransform> transforms) : transforms_(std::move(transforms)) {
  check_transforms("Compose", transforms_);
}

at::Tensor Compose::operator()(const at::Tensor& image, core::Random& random) const {
  at::Tensor result = image;
  for (const ImageTransform& transform : transforms_) {
    result = transform(result, random);
  }
  return result;
}

}  // namespace lightly::transforms
