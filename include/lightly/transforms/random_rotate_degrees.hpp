#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"

namespace lightly::transforms {

/// A range of angles in degrees, counter-clockwise: `{low, high}`, or one number d for {-d, d}.
struct DegreeRange {
  double low;
  double high;

  explicit(false) constexpr DegreeRange(double most) : low(-most), high(most) {}
  constexpr DegreeRange(double low_, double high_) : low(low_), high(high_) {}
};

struct RandomRotateDegreesOptions {
  /// Probability of the turn, in [0, 1].
  double prob = 0.5;
  /// The angle is uniform in this range, within [-1e6, 1e6]. Without it the options do not compile.
  DegreeRange degrees;

  /// Throws c10::ValueError unless prob is in [0, 1] and degrees a range within its bounds.
  void check() const;
};

/// Turns by a random angle with probability prob, as lightly 1.6's RandomRotateDegrees: nearest
/// neighbour on an unchanged canvas, black from outside (see functional::rotate).
class RandomRotateDegrees {
 public:
  explicit RandomRotateDegrees(RandomRotateDegreesOptions options);

  /// Degrees to turn counter-clockwise, or nothing when the image stays as it is.
  std::optional<double> sample(core::Random& random) const;

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const RandomRotateDegreesOptions& options() const { return options_; }

 private:
  RandomRotateDegreesOptions options_;
};

}  // namespace lightly::transforms
