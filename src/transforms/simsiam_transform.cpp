#include "lightly/transforms/simsiam_transform.hpp"

#include "transforms/preset_views.hpp"

namespace lightly::transforms {

SimSiamTransform::SimSiamTransform(const SimSiamTransformOptions& options)
    : MultiViewTransform(two_views("SimSiamTransform", options)) {}

}  // namespace lightly::transforms
