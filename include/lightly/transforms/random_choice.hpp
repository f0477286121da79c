#pragma once

#include <cstddef>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"
#include "lightly/transforms/image_transform.hpp"

namespace lightly::transforms {

struct RandomChoiceOptions {
  /// One of them is applied; at least one.
  std::vector<ImageTransform> transforms;
  /// A weight >= 0 for each transform, of any sum > 0; empty: all are equally likely.
  std::vector<double> p = {};

  /// Throws c10::ValueError for no or an empty transform and for weights that do not fit.
  void check() const;
};

/// Applies one of its transforms, drawn anew for every image, as torchvision's RandomChoice; of
/// weight 0 never.
class RandomChoice {
 public:
  explicit RandomChoice(RandomChoiceOptions options);

  /// The index of the transform to apply.
  std::size_t sample(core::Random& random) const;

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const RandomChoiceOptions& options() const { return options_; }

 private:
  RandomChoiceOptions options_;
  /// For each transform the share of the weights up to its own; the last is 1. Empty without
  /// weights.
  std::vector<double> up_to_;
};

}  // namespace lightly::transforms
