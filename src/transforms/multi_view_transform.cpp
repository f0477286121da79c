#include "lightly/transforms/multi_view_transform.hpp"

#include <c10/util/Exception.h>

namespace lightly::transforms {

void MultiViewTransform::check() const {
  TORCH_CHECK_VALUE(!transforms.empty(),
                    "MultiViewTransform: transforms must hold at least one, got none");
  check_transforms("MultiViewTransform", transforms);
  if (normalize) {
    normalize->check();
  }
}

}  // namespace lightly::transforms
