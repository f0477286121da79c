#include "lightly/transforms/byol_transform.hpp"

#include "transforms/preset_views.hpp"

namespace lightly::transforms {
namespace {

template <typename Options>
ImageViewOptions solarized_view(const Options& options) {
  ImageViewOptions view = sized_view("BYOLTransform", options);
  view.solarization_prob = options.solarization_prob;
  return view;
}

}  // namespace

BYOLTransform::BYOLTransform(const BYOLTransformOptions& options)
    : MultiViewTransform(image_views(
          {solarized_view(options.view_1_transform), solarized_view(options.view_2_transform)},
          options.normalize)) {}

}  // namespace lightly::transforms
