#pragma once

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"

namespace lightly::transforms {

struct RandomGrayscaleOptions {
  /// Probability of losing the colour, in [0, 1].
  double p = 0.5;

  /// Throws c10::ValueError unless p is in [0, 1].
  void check() const;
};

/// Makes the image grey with probability p, as torchvision's RandomGrayscale; three equal channels
/// remain.
class RandomGrayscale {
 public:
  explicit RandomGrayscale(RandomGrayscaleOptions options = {});

  /// Whether to change the image.
  bool sample(core::Random& random) const;

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const RandomGrayscaleOptions& options() const { return options_; }

 private:
  RandomGrayscaleOptions options_;
};

}  // namespace lightly::transforms
