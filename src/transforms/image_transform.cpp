#include "lightly/transforms/image_transform.hpp"

#include <c10/util/Exception.h>

namespace lightly::transforms {

void check_transforms(std::string_view callee, const std::vector<ImageTransform>& transforms) {
  for (const ImageTransform& transform : transforms) {
    TORCH_CHECK_VALUE(transform, callee, ": every transform must be callable, got an empty one");
  }
}

}  // namespace lightly::transforms
