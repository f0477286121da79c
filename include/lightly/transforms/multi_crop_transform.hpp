#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/image_transform.hpp"
#include "lightly/transforms/multi_view_transform.hpp"
#include "lightly/transforms/normalization.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {

/// Kinds of crops, and what follows every crop; names are lightly's.
struct MultiCropTransformOptions {
  /// Size of each kind of crop in pixels. The next three have one entry for each kind.
  std::vector<Size> crop_sizes = {};
  /// Views of each kind, >= 0.
  std::vector<std::int64_t> crop_counts = {};
  /// Range of the share of the image's area that a crop shows, 0 <= min <= max <= 1, max > 0.
  std::vector<double> crop_min_scales = {};
  std::vector<double> crop_max_scales = {};
  /// Which Pillow's resize to equal.
  functional::PillowPassOrder pass_order = functional::PillowPassOrder::kCurrent;
  /// What is done with every crop.
  ImageTransform transforms = nullptr;
  /// For crops that `transforms` returns as uint8; none: pixels / 255 only.
  std::optional<Normalization> normalize = imagenet_normalize;

  /// Throws c10::ValueError for lists of different lengths, a value out of its range, no transform,
  /// and no view at all.
  void check() const;
};

/// RandomResizedCrop of several sizes, each followed by the same transform ([0] SwAV, 2020,
/// arXiv:2006.09882). The views are those of the first kind, then those of the second, ... As
/// lightly's MultiCropTranform.
class MultiCropTransform : public MultiViewTransform {
 public:
  explicit MultiCropTransform(const MultiCropTransformOptions& options);
};

}  // namespace lightly::transforms
