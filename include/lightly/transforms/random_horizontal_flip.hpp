#pragma once

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"

namespace lightly::transforms {

struct RandomHorizontalFlipOptions {
  /// Probability of mirroring left and right, in [0, 1].
  double p = 0.5;

  /// Throws c10::ValueError unless p is in [0, 1].
  void check() const;
};

/// Mirrors left and right with probability p, as torchvision's RandomHorizontalFlip.
class RandomHorizontalFlip {
 public:
  explicit RandomHorizontalFlip(RandomHorizontalFlipOptions options = {});

  /// Whether to change the image.
  bool sample(core::Random& random) const;

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const RandomHorizontalFlipOptions& options() const { return options_; }

 private:
  RandomHorizontalFlipOptions options_;
};

}  // namespace lightly::transforms
