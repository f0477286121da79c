#include "lightly/transforms/dino_transform.hpp"

#include "transforms/preset_views.hpp"

namespace lightly::transforms {
namespace {

MultiViewTransform views_of(const DINOTransformOptions& options) {
  check_size("DINOTransform", "global_crop_size", options.global_crop_size);
  check_size("DINOTransform", "local_crop_size", options.local_crop_size);
  check_scale("DINOTransform", "global_crop_scale", options.global_crop_scale);
  check_scale("DINOTransform", "local_crop_scale", options.local_crop_scale);
  core::check_at_least("DINOTransform", "n_local_views", options.n_local_views, 0);
  ImageViewOptions view = preset_view("DINOTransform", options);
  view.interpolation = functional::Interpolation::kBicubic;

  std::vector<Crop> crops(2,
                          {.size = options.global_crop_size, .scale = options.global_crop_scale});
  crops.insert(crops.end(), static_cast<std::size_t>(options.n_local_views),
               {.size = options.local_crop_size, .scale = options.local_crop_scale});
  std::vector<ImageViewOptions> views = at_crops(view, crops);
  for (std::size_t v = 0; v < views.size(); ++v) {
    views[v].gaussian_blur = options.gaussian_blur[std::min<std::size_t>(v, 2)];
  }
  views[1].solarization_prob = options.solarization_prob;
  return image_views("DINOTransform", std::move(views), options.normalize);
}

}  // namespace

void DINOTransformOptions::check() const {
  views_of(*this);
}

DINOTransform::DINOTransform(const DINOTransformOptions& options)
    : MultiViewTransform(views_of(options)) {}

}  // namespace lightly::transforms
