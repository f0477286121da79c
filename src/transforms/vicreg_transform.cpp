#include "lightly/transforms/vicreg_transform.hpp"

#include "transforms/preset_views.hpp"

namespace lightly::transforms {
namespace {

MultiViewTransform views_of(const VICRegTransformOptions& options) {
  core::check_probability("VICRegTransform", "solarize_prob", options.solarize_prob);
  ImageViewOptions view = sized_view("VICRegTransform", options);
  view.solarization_prob = options.solarize_prob;
  view.solarization = SolarizationPlace::kBeforeBlur;
  return image_views("VICRegTransform", {view, view}, options.normalize);
}

}  // namespace

void VICRegTransformOptions::check() const {
  views_of(*this);
}

VICRegTransform::VICRegTransform(const VICRegTransformOptions& options)
    : MultiViewTransform(views_of(options)) {}

}  // namespace lightly::transforms
