#include "lightly/transforms/multi_crop_transform.hpp"

#include "transforms/preset_views.hpp"

namespace lightly::transforms {

void MultiCropTransformOptions::check() const {
  multi_crop_views("MultiCropTransform", *this);
}

MultiCropTransform::MultiCropTransform(const MultiCropTransformOptions& options)
    : MultiViewTransform(multi_crop_views("MultiCropTransform", options)) {}

}  // namespace lightly::transforms
