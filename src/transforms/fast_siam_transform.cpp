#include "lightly/transforms/fast_siam_transform.hpp"

#include "transforms/preset_views.hpp"

namespace lightly::transforms {
namespace {

MultiViewTransform views_of(const FastSiamTransformOptions& options) {
  core::check_at_least("FastSiamTransform", "num_views", options.num_views, 1);
  const std::vector<ImageViewOptions> views(static_cast<std::size_t>(options.num_views),
                                            sized_view("FastSiamTransform", options));
  return image_views("FastSiamTransform", views, options.normalize);
}

}  // namespace

void FastSiamTransformOptions::check() const {
  views_of(*this);
}

FastSiamTransform::FastSiamTransform(const FastSiamTransformOptions& options)
    : MultiViewTransform(views_of(options)) {}

}  // namespace lightly::transforms
