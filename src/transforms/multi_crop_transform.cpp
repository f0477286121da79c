#include "lightly/transforms/multi_crop_transform.hpp"

#include "lightly/transforms/compose.hpp"
#include "lightly/transforms/random_resized_crop.hpp"
#include "transforms/preset_views.hpp"

namespace lightly::transforms {
namespace {

MultiViewTransform views_of(const MultiCropTransformOptions& options) {
  check_transforms("MultiCropTransform", {options.transforms});
  MultiViewTransform result{.transforms = {}, .normalize = options.normalize};
  for (const Crop& crop : one_a_view("MultiCropTransform", crop_kinds(options))) {
    const RandomResizedCrop cropping(
        {.size = crop.size, .scale = crop.scale, .pass_order = options.pass_order});
    result.transforms.emplace_back(Compose({cropping, options.transforms}));
  }
  result.check();
  return result;
}

}  // namespace

MultiCropTransform::MultiCropTransform(const MultiCropTransformOptions& options)
    : MultiViewTransform(views_of(options)) {}

}  // namespace lightly::transforms
