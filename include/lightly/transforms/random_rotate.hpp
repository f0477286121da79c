#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"

namespace lightly::transforms {

struct RandomRotateOptions {
  /// Probability of the turn, in [0, 1].
  double prob = 0.5;
  /// Degrees counter-clockwise, a multiple of 90; for others see RandomRotateDegrees.
  std::int64_t angle = 90;
  /// Turns clockwise every other time, by -angle: "by +/- 90 degrees", as lightly's documentation
  /// says and its code never does.
  bool random_sign = false;

  /// Throws c10::ValueError unless prob is in [0, 1] and angle a multiple of 90.
  void check() const;
};

/// Turns by a fixed angle with probability prob, as lightly's RandomRotate: on an unchanged canvas
/// (see functional::rotate), and always the same way round unless random_sign is set.
class RandomRotate {
 public:
  explicit RandomRotate(RandomRotateOptions options = {});

  /// Degrees to turn counter-clockwise; 0 when the image stays as it is.
  std::int64_t sample(core::Random& random) const;

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const RandomRotateOptions& options() const { return options_; }

 private:
  RandomRotateOptions options_;
};

}  // namespace lightly::transforms
