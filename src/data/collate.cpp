#include "lightly/data/collate.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <c10/util/Exception.h>

#include "data/batch_builder.hpp"
#include "data/batch_memory.hpp"
#include "data/view_writer.hpp"
#include "transforms/preset_views.hpp"
#include "transforms/view_checks.hpp"
#include "transforms/view_pixels.hpp"

namespace lightly::data {
namespace {

BaseCollateFunctionOptions two_views(std::string_view callee,
                                     const transforms::ImageViewOptions& view) {
  transforms::check_view(callee, view);
  return transforms::image_views(callee, {view, view}, view.normalize);
}

transforms::ImageViewOptions moco_view(const MoCoCollateFunctionOptions& options) {
  constexpr const char* kCallee = "MoCoCollateFunction";
  // It is the hue's strength too.
  transforms::check_hue_strength(kCallee, "cj_strength", options.cj_strength);
  return transforms::early_view(kCallee, options,
                                {.brightness = options.cj_strength,
                                 .contrast = options.cj_strength,
                                 .saturation = options.cj_strength,
                                 .hue = options.cj_strength});
}

BaseCollateFunctionOptions swav_views(const SwaVCollateFunctionOptions& options) {
  constexpr const char* kCallee = "SwaVCollateFunction";
  // Beyond 2 the hue's strength leaves [0, 0.5].
  TORCH_CHECK_VALUE(options.cj_strength >= 0.0 && options.cj_strength <= 2.0, kCallee,
                    ": cj_strength must be in [0, 2], got ", options.cj_strength);
  transforms::ImageViewOptions shared =
      transforms::jittered_view(options, {.brightness = options.cj_strength,
                                          .contrast = options.cj_strength,
                                          .saturation = options.cj_strength,
                                          .hue = options.cj_strength / 4.0});
  shared.gaussian_blur = options.gaussian_blur;
  shared.rotation = transforms::RotationPlace::kAfterFlips;
  transforms::check_view(kCallee, shared);
  shared.early_blur_radius = options.early_blur_radius;
  std::vector<transforms::ImageViewOptions> views = transforms::at_crops(
      shared, transforms::one_a_view(kCallee, transforms::crop_kinds(options)));
  for (transforms::ImageViewOptions& view : views) {
    const auto side = static_cast<double>(std::max(view.input_size.height, view.input_size.width));
    TORCH_CHECK_VALUE(options.kernel_size > 0.0 && options.kernel_size <= side, kCallee,
                      ": kernel_size must be in (0, ", side, "] px, got ", options.kernel_size);
    view.kernel_size = options.kernel_size / side;
  }
  return transforms::image_views(kCallee, std::move(views), options.normalize);
}

}  // namespace

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

const BaseCollateFunctionOptions& BaseCollateFunction::options() const {
  return views_->options;
}

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
        {.position = static_cast<std::int64_t>(i), .index = samples[i].index},
        [&] { return samples[i]; }, [&] { return samples[i].file_name; });
  }
  return builder.finish("BaseCollateFunction").batch;
}

ImageCollateFunction::ImageCollateFunction(const ImageCollateFunctionOptions& options)
    : BaseCollateFunction(two_views("ImageCollateFunction", options)) {}

SimCLRCollateFunction::SimCLRCollateFunction(const SimCLRCollateFunctionOptions& options)
    : BaseCollateFunction(two_views("SimCLRCollateFunction",
                                    transforms::simclr_view("SimCLRCollateFunction", options))) {}

void MoCoCollateFunctionOptions::check() const {
  moco_view(*this);
}

MoCoCollateFunction::MoCoCollateFunction(const MoCoCollateFunctionOptions& options)
    : BaseCollateFunction(two_views("MoCoCollateFunction", moco_view(options))) {}

MultiCropCollateFunction::MultiCropCollateFunction(const MultiCropCollateFunctionOptions& options)
    : BaseCollateFunction(transforms::multi_crop_views("MultiCropCollateFunction", options)) {}

void SwaVCollateFunctionOptions::check() const {
  swav_views(*this);
}

SwaVCollateFunction::SwaVCollateFunction(const SwaVCollateFunctionOptions& options)
    : BaseCollateFunction(swav_views(options)) {}

void PlainCollateFunctionOptions::check() const {
  if (normalize) {
    normalize->check();
  }
}

PlainCollateFunction::PlainCollateFunction(const PlainCollateFunctionOptions& options)
    : BaseCollateFunction(
          {.transforms = {[](const at::Tensor& image, core::Random&) { return image; }},
           .normalize = options.normalize}) {}

}  // namespace lightly::data
