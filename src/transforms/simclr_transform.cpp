#include "lightly/transforms/simclr_transform.hpp"

#include "transforms/preset_views.hpp"

namespace lightly::transforms {

void SimCLRTransformOptions::check() const {
  two_views("SimCLRTransform", *this);
}

SimCLRTransform::SimCLRTransform(const SimCLRTransformOptions& options)
    : MultiViewTransform(two_views("SimCLRTransform", options)) {}

}  // namespace lightly::transforms
