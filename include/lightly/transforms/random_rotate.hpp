#pragma once

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"

namespace lightly::transforms {

struct RandomRotateOptions {
  /// Probability of the quarter turn, in [0, 1].
  double prob = 0.5;

  /// Throws c10::ValueError unless prob is in [0, 1].
  void check() const;
};

/// Turns by 90 degrees counter-clockwise with probability prob, as lightly 1.1's RandomRotate:
/// always the same way round, and on an unchanged canvas (see functional::rotate90).
class RandomRotate {
 public:
  explicit RandomRotate(RandomRotateOptions options = {});

  /// Whether to change the image.
  bool sample(core::Random& random) const;

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const RandomRotateOptions& options() const { return options_; }

 private:
  RandomRotateOptions options_;
};

}  // namespace lightly::transforms
