#include "lightly/data/transformed_dataset.hpp"

#include <utility>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/core/random.hpp"

namespace lightly::data {

TransformedDataset::TransformedDataset(DatasetPtr base, transforms::ImageTransform transform,
                                       const TransformedDatasetOptions& options)
    : base_(std::move(base)), transform_(std::move(transform)), seed_(options.seed) {
  TORCH_CHECK_VALUE(base_ != nullptr, "TransformedDataset: base must not be null");
  transforms::check_transforms("TransformedDataset", {transform_});
}

Sample TransformedDataset::get(std::int64_t index) const {
  Sample sample = base_->get(index);
  core::Random random(core::RandomKey{
      .seed = seed_, .index = static_cast<std::uint64_t>(index), .view = kTransform});
  sample.image = transform_(sample.pixels(), random);
  sample.encoded.reset();
  core::check_image("TransformedDataset: " + sample.file_name, sample.image);
  return sample;
}

}  // namespace lightly::data
