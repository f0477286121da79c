#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"

namespace lightly::transforms {

struct RandomSolarizationOptions {
  /// Probability of solarizing, in [0, 1].
  double prob = 0.5;
  /// Bytes from here on are inverted, in [0, 256].
  std::int64_t threshold = 128;

  /// Throws c10::ValueError for a probability or threshold out of its range.
  void check() const;
};

/// Inverts the bright part of the image with probability prob, as lightly's RandomSolarization.
class RandomSolarization {
 public:
  explicit RandomSolarization(RandomSolarizationOptions options = {});

  /// Whether to change the image.
  bool sample(core::Random& random) const;

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const RandomSolarizationOptions& options() const { return options_; }

 private:
  RandomSolarizationOptions options_;
};

}  // namespace lightly::transforms
