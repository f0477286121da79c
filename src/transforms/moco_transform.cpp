#include "lightly/transforms/moco_transform.hpp"

#include "transforms/preset_views.hpp"

namespace lightly::transforms {

MoCoV1Transform::MoCoV1Transform(const MoCoV1TransformOptions& options)
    : MultiViewTransform(two_views("MoCoV1Transform", options)) {}

MoCoV2Transform::MoCoV2Transform(const MoCoV2TransformOptions& options)
    : MultiViewTransform(two_views("MoCoV2Transform", options)) {}

}  // namespace lightly::transforms
