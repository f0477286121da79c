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
  const core::RandomKey key{
      .seed = seed_, .index = static_cast<std::uint64_t>(index), .view = kTransform};
  const auto transformed = [transform = transform_, key,
                            name = sample.file_name](const at::Tensor& image) {
    core::Random random(key);
    at::Tensor made = transform(image, random);
    core::check_image("TransformedDataset: " + name, made);
    return made;
  };
  sample.image = transformed(sample.pixels());
  sample.encoded.reset();
  if (sample.draw_image) {
    sample.draw_image = [draw = std::move(sample.draw_image), transformed](std::int64_t view,
                                                                           core::Random& random) {
      return transformed(draw(view, random));
    };
  }
  return sample;
}

}  // namespace lightly::data
