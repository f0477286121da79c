#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"
#include "lightly/transforms/image_transform.hpp"
#include "lightly/transforms/normalization.hpp"

namespace lightly::transforms {

/// What becomes of an image: its views, and what they are normalised with.
///
/// As lightly's MultiViewTransform; differs: normalising is not a step of each transform, so that a
/// batch's floats are written once, where they stay. It is what data::BaseCollateFunction takes.
struct MultiViewTransform {
  /// One a view, at least one; the same transform twice gives two random views of each image.
  std::vector<ImageTransform> transforms = {};
  /// For views that a transform returns as uint8, those of an ImageView among them, whose own
  /// `normalize` does not count; none: pixels / 255 only. A float32 view is taken as it is.
  std::optional<Normalization> normalize = imagenet_normalize;

  /// The views of one image as a data set holds it, each float32 [3, h, w] and normalised: what
  /// data::BaseCollateFunction writes for the sample of that index. View v is drawn from `key` with
  /// v as its view.
  ///
  /// Throws c10::ValueError as check(), for another image than uint8 [3, H, W] on the CPU, and for
  /// a transform that returns anything but uint8 or float32 [3, h, w].
  std::vector<at::Tensor> operator()(const at::Tensor& image, const core::RandomKey& key) const;

  /// Throws c10::ValueError for no transform, an empty one, or a normalisation out of bounds.
  void check() const;
};

}  // namespace lightly::transforms
