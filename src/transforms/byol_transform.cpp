#include "lightly/transforms/byol_transform.hpp"

#include "transforms/preset_views.hpp"

namespace lightly::transforms {
namespace {

template <typename Options>
ImageViewOptions solarized_view(std::string_view callee, const Options& options) {
  ImageViewOptions view = sized_view(callee, options);
  view.solarization_prob = options.solarization_prob;
  check_view(callee, view);
  return view;
}

MultiViewTransform views_of(const BYOLTransformOptions& options) {
  return image_views("BYOLTransform",
                     {solarized_view("BYOLTransform: view_1_transform", options.view_1_transform),
                      solarized_view("BYOLTransform: view_2_transform", options.view_2_transform)},
                     options.normalize);
}

}  // namespace

void BYOLView1TransformOptions::check() const {
  solarized_view("BYOLView1TransformOptions", *this);
}

void BYOLView2TransformOptions::check() const {
  solarized_view("BYOLView2TransformOptions", *this);
}

void BYOLTransformOptions::check() const {
  views_of(*this);
}

BYOLTransform::BYOLTransform(const BYOLTransformOptions& options)
    : MultiViewTransform(views_of(options)) {}

}  // namespace lightly::transforms
