#include "lightly/data/collate.hpp"

#include <memory>
#include <utility>

#include <c10/util/Exception.h>

#include "data/batch_builder.hpp"
#include "data/batch_memory.hpp"
#include "data/view_writer.hpp"
#include "transforms/view_pixels.hpp"

namespace lightly::data {
namespace {

BaseCollateFunctionOptions two_views(const transforms::ImageViewOptions& options) {
  const transforms::ImageView view(options);
  return {.transforms = {view, view}, .normalize = options.normalize};
}

}  // namespace

void BaseCollateFunctionOptions::check() const {
  TORCH_CHECK_VALUE(!transforms.empty(),
                    "BaseCollateFunction: transforms must hold at least one, got none");
  for (std::size_t v = 0; v < transforms.size(); ++v) {
    TORCH_CHECK_VALUE(transforms[v], "BaseCollateFunction: transform ", v, " must not be empty");
  }
  if (normalize) {
    normalize->check();
  }
}

/// The transforms and what writes their views.
struct BaseCollateFunction::Views {
  explicit Views(BaseCollateFunctionOptions chosen) : options(std::move(chosen)) {
    options.check();
    const auto normalization = options.normalize.value_or(transforms::Normalization());
    for (const transforms::ImageTransform& transform : options.transforms) {
      writers.emplace_back(transform, static_cast<std::int64_t>(writers.size()), normalization);
    }
  }

  BaseCollateFunctionOptions options;
  std::vector<ViewWriter> writers;
};

BaseCollateFunction::BaseCollateFunction(BaseCollateFunctionOptions options)
    : views_(std::make_shared<const Views>(std::move(options))) {}

std::int64_t BaseCollateFunction::num_views() const {
  return static_cast<std::int64_t>(views_->writers.size());
}

void BaseCollateFunction::write_view(const Sample& sample, std::int64_t view,
                                     const core::RandomKey& key, const at::Tensor& slot) const {
  TORCH_CHECK_INDEX(view >= 0 && view < num_views(), "BaseCollateFunction: view must be in [0, ",
                    num_views(), "), got ", view);
  writer(view).write(sample, key, [&](const transforms::Size& size) {
    return transforms::functional::checked_slot("BaseCollateFunction", slot, size);
  });
}

const ViewWriter& BaseCollateFunction::writer(std::int64_t view) const {
  return views_->writers.at(static_cast<std::size_t>(view));
}

Batch BaseCollateFunction::operator()(const std::vector<Sample>& samples,
                                      const core::RandomKey& key) const {
  TORCH_CHECK_VALUE(!samples.empty(), "BaseCollateFunction: samples must not be empty");
  const auto memory = std::make_shared<BatchMemory>(/*most_kept=*/0, /*pinned=*/false);
  BatchBuilder builder(*this, static_cast<std::int64_t>(samples.size()), key, memory);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    builder.put(
        static_cast<std::int64_t>(i), [&] { return samples[i]; },
        [&] { return samples[i].file_name; });
  }
  return builder.finish("BaseCollateFunction");
}

ImageCollateFunction::ImageCollateFunction(const ImageCollateFunctionOptions& options)
    : BaseCollateFunction(two_views(options)) {}

SimCLRCollateFunction::SimCLRCollateFunction(const SimCLRCollateFunctionOptions& options)
    : BaseCollateFunction(two_views(transforms::simclr_view(options))) {}

PlainCollateFunction::PlainCollateFunction(const PlainCollateFunctionOptions& options)
    : BaseCollateFunction(
          {.transforms = {[](const at::Tensor& image, core::Random&) { return image; }},
           .normalize = options.normalize}) {}

}  // namespace lightly::data
