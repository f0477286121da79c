#pragma once

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"

namespace lightly::transforms {

struct RandomVerticalFlipOptions {
  /// Probability of mirroring top and bottom, in [0, 1].
  double p = 0.5;

  /// Throws c10::ValueError unless p is in [0, 1].
  void check() const;
};

/// Mirrors top and bottom with probability p, as torchvision's RandomVerticalFlip.
class RandomVerticalFlip {
 public:
  explicit RandomVerticalFlip(RandomVerticalFlipOptions options = {});

  /// Whether to change the image.
  bool sample(core::Random& random) const;

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const RandomVerticalFlipOptions& options() const { return options_; }

 private:
  RandomVerticalFlipOptions options_;
};

}  // namespace lightly::transforms
