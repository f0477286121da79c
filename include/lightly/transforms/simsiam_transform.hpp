#pragma once

#include "lightly/transforms/moco_transform.hpp"
#include "lightly/transforms/multi_view_transform.hpp"

namespace lightly::transforms {

/// SimSiam took MoCo v2's views as they are.
using SimSiamTransformOptions = MoCoV2TransformOptions;

/// Two of SimSiam's views ([0] SimSiam, 2020, arXiv:2011.10566), each an ImageView. Throws
/// c10::ValueError that names the option out of bounds. As lightly 1.6.
class SimSiamTransform : public MultiViewTransform {
 public:
  explicit SimSiamTransform(const SimSiamTransformOptions& options = {});
};

}  // namespace lightly::transforms
