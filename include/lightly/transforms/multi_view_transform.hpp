#pragma once

#include <optional>
#include <vector>

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
  /// For views that a transform returns as uint8; none: pixels / 255 only. A float32 view is taken
  /// as it is.
  std::optional<Normalization> normalize = imagenet_normalize;

  /// Throws c10::ValueError for no transform, an empty one, or a normalisation out of bounds.
  void check() const;
};

}  // namespace lightly::transforms
