#include "lightly/transforms/swav_transform.hpp"

#include "transforms/preset_views.hpp"

namespace lightly::transforms {
namespace {

MultiViewTransform views_of(const SwaVTransformOptions& options) {
  ImageViewOptions view = preset_view("SwaVTransform", options);
  view.gaussian_blur = options.gaussian_blur;
  check_view("SwaVTransform", view);
  return image_views("SwaVTransform",
                     at_crops(view, one_a_view("SwaVTransform", crop_kinds(options))),
                     options.normalize);
}

}  // namespace

void SwaVTransformOptions::check() const {
  views_of(*this);
}

SwaVTransform::SwaVTransform(const SwaVTransformOptions& options)
    : MultiViewTransform(views_of(options)) {}

}  // namespace lightly::transforms
