#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"
#include "lightly/transforms/image_transform.hpp"

namespace lightly::transforms {

struct RandomApplyOptions {
  /// Applied one after the other.
  std::vector<ImageTransform> transforms;
  /// Probability of applying them, in [0, 1].
  double p = 0.5;

  /// Throws c10::ValueError for an empty transform or p outside [0, 1].
  void check() const;
};

/// Applies all of its transforms with probability p, or none, as torchvision's RandomApply.
class RandomApply {
 public:
  explicit RandomApply(RandomApplyOptions options);

  /// Whether to apply the transforms.
  bool sample(core::Random& random) const;

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const RandomApplyOptions& options() const { return options_; }

 private:
  RandomApplyOptions options_;
};

}  // namespace lightly::transforms
