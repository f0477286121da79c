#include "transforms/preset_views.hpp"

#include <string>

#include <c10/util/Exception.h>

#include "lightly/transforms/compose.hpp"
#include "lightly/transforms/random_resized_crop.hpp"

namespace lightly::transforms {
namespace {

void check_entries(std::string_view callee, std::string_view name, std::size_t entries,
                   std::size_t kinds) {
  TORCH_CHECK_VALUE(entries == kinds, callee, ": ", name, " must have one entry for each of the ",
                    kinds, " crop_sizes, got ", entries);
}

}  // namespace

MultiViewTransform image_views(std::string_view callee, std::vector<ImageViewOptions> views,
                               const std::optional<Normalization>& normalize) {
  MultiViewTransform result{.transforms = {}, .normalize = normalize};
  for (ImageViewOptions& view : views) {
    view.normalize = normalize;
    check_view(std::string(callee) + ": view " + std::to_string(result.transforms.size()), view);
    result.transforms.emplace_back(ImageView(view));
  }
  result.check();
  return result;
}

MultiViewTransform multi_crop_views(std::string_view callee,
                                    const MultiCropTransformOptions& options) {
  check_transforms(callee, {options.transforms});
  MultiViewTransform result{.transforms = {}, .normalize = options.normalize};
  for (const Crop& crop : one_a_view(callee, crop_kinds(options))) {
    const RandomResizedCrop cropping(
        {.size = crop.size, .scale = crop.scale, .pass_order = options.pass_order});
    result.transforms.emplace_back(Compose({cropping, options.transforms}));
  }
  result.check();
  return result;
}

std::vector<Crop> one_a_view(std::string_view callee, const CropKinds& kinds) {
  check_entries(callee, "crop_counts", kinds.counts.size(), kinds.sizes.size());
  check_entries(callee, "crop_min_scales", kinds.min_scales.size(), kinds.sizes.size());
  check_entries(callee, "crop_max_scales", kinds.max_scales.size(), kinds.sizes.size());
  std::vector<Crop> crops;
  for (std::size_t k = 0; k < kinds.sizes.size(); ++k) {
    const Crop crop{.size = kinds.sizes[k], .scale = {kinds.min_scales[k], kinds.max_scales[k]}};
    check_size(callee, "crop_sizes", crop.size);
    core::check_at_least(callee, "crop_counts", kinds.counts[k], 0);
    check_scale(callee, "crop_min_scales and crop_max_scales", crop.scale);
    crops.insert(crops.end(), static_cast<std::size_t>(kinds.counts[k]), crop);
  }
  TORCH_CHECK_VALUE(!crops.empty(), callee, ": crop_counts must give at least one view, got none");
  return crops;
}

std::vector<ImageViewOptions> at_crops(const ImageViewOptions& view,
                                       const std::vector<Crop>& crops) {
  std::vector<ImageViewOptions> views(crops.size(), view);
  for (std::size_t v = 0; v < crops.size(); ++v) {
    views[v].input_size = crops[v].size;
    views[v].min_scale = crops[v].scale[0];
    views[v].max_scale = crops[v].scale[1];
  }
  return views;
}

}  // namespace lightly::transforms
