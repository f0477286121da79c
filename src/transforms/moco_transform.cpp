#include "lightly/transforms/moco_transform.hpp"

#include "transforms/preset_views.hpp"

namespace lightly::transforms {

void MoCoV1TransformOptions::check() const {
  two_views("MoCoV1Transform", *this);
}

MoCoV1Transform::MoCoV1Transform(const MoCoV1TransformOptions& options)
    : MultiViewTransform(two_views("MoCoV1Transform", options)) {}

void MoCoV2TransformOptions::check() const {
  two_views("MoCoV2Transform", *this);
}

MoCoV2Transform::MoCoV2Transform(const MoCoV2TransformOptions& options)
    : MultiViewTransform(two_views("MoCoV2Transform", options)) {}

}  // namespace lightly::transforms
