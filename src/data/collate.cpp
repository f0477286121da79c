#include "lightly/data/collate.hpp"

#include <memory>
#include <utility>

#include <c10/util/Exception.h>

#include "data/batch_builder.hpp"
#include "data/batch_memory.hpp"
#include "lightly/transforms/functional.hpp"

namespace lightly::data {
namespace {

// Plain loops, because copy_() may call other threads and this runs in workers.
void copy_floats(const at::Tensor& from, const at::Tensor& to) {
  const float* in = from.const_data_ptr<float>();
  auto* out = to.mutable_data_ptr<float>();
  for (std::int64_t y = 0; y < from.size(1); ++y) {
    for (std::int64_t x = 0; x < from.size(2); ++x) {
      for (std::int64_t c = 0; c < from.size(0); ++c) {
        out[c * to.stride(0) + y * to.stride(1) + x * to.stride(2)] =
            in[c * from.stride(0) + y * from.stride(1) + x * from.stride(2)];
      }
    }
  }
}

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

BaseCollateFunction::BaseCollateFunction(BaseCollateFunctionOptions options)
    : options_(std::move(options)),
      normalization_(options_.normalize.value_or(transforms::Normalization())) {
  options_.check();
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

at::Tensor BaseCollateFunction::make_view(const Sample& sample, std::int64_t view,
                                          const core::RandomKey& key) const {
  core::Random random({.seed = key.seed,
                       .epoch = key.epoch,
                       .index = static_cast<std::uint64_t>(sample.index),
                       .view = static_cast<std::uint64_t>(view)});
  at::Tensor made = options_.transforms.at(static_cast<std::size_t>(view))(sample.image, random);
  // finish() of the batch adds the callee and the sample's name.
  TORCH_CHECK_VALUE(made.defined(), "the transform of view ", view,
                    " must return uint8 or float32 [3, h, w] on the CPU, got no tensor");
  const bool fits = (made.scalar_type() == at::kByte || made.scalar_type() == at::kFloat) &&
                    made.dim() == 3 && made.size(0) == 3 && made.size(1) > 0 && made.size(2) > 0 &&
                    made.device().is_cpu();
  TORCH_CHECK_VALUE(fits, "the transform of view ", view,
                    " must return uint8 or float32 [3, h, w] on the CPU, got ", made.scalar_type(),
                    " ", made.sizes(), " on ", made.device());
  return made;
}

void BaseCollateFunction::write_view(const at::Tensor& made, const at::Tensor& slot) const {
  if (made.scalar_type() == at::kByte) {
    transforms::functional::to_float_normalize_into(made, normalization_, slot);
  } else {
    copy_floats(made, slot);
  }
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
