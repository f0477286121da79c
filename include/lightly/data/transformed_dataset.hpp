#pragma once

#include <cstdint>
#include <string>

#include "lightly/data/dataset.hpp"
#include "lightly/transforms/image_transform.hpp"

namespace lightly::data {

struct TransformedDatasetOptions {
  /// What the transform draws hangs on this seed and the sample's index.
  std::uint64_t seed = 0;
};

/// A data set whose images pass through a transform, for what shall happen to each image once and
/// always alike: a resize or a crop to one size before `embed`, a fixed set of distorted images.
///
/// An image is drawn from RandomKey{seed, 0, index, kTransform}: the same in every epoch, and
/// independent of the views that a collate function makes of it, which is where augmentation
/// belongs. The transform must return uint8 [3, h, w]; `get` throws c10::ValueError with the
/// sample's name for anything else, and whatever the transform throws. As lightly's
/// LightlyDataset(transform=...); differs: no change of state, so that workers may share it.
class TransformedDataset : public Dataset {
 public:
  /// The `view` of the keys from which the images are drawn.
  static constexpr std::uint64_t kTransform = ~std::uint64_t{1};

  /// Throws c10::ValueError for no base or an empty transform.
  TransformedDataset(DatasetPtr base, transforms::ImageTransform transform,
                     const TransformedDatasetOptions& options = {});

  std::int64_t size() const override { return base_->size(); }
  Sample get(std::int64_t index) const override;
  std::string file_name(std::int64_t index) const override { return base_->file_name(index); }

 private:
  DatasetPtr base_;
  transforms::ImageTransform transform_;
  std::uint64_t seed_ = 0;
};

}  // namespace lightly::data
