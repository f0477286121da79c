#include "transforms/view_pixels.hpp"

#include <array>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <ATen/MemoryOverlap.h>
#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "transforms/kernels/blur.hpp"
#include "transforms/kernels/geometry.hpp"
#include "transforms/kernels/rotate.hpp"
#include "transforms/pixels.hpp"
#include "transforms/view_checks.hpp"

namespace lightly::transforms {
namespace functional {

float checked_factor(const Parameter& where, double factor) {
  const auto rounded = static_cast<float>(factor);
  core::check_not_negative(where.callee, where.name, rounded);
  return rounded;
}

kernels::HueShift hue_shift(const Parameter& where, double factor) {
  TORCH_CHECK_VALUE(factor >= -0.5 && factor <= 0.5, where.callee, ": ", where.name,
                    " must be in [-0.5, 0.5], got ", factor);
  return {static_cast<int>(factor * 255.0) & 255};
}

float checked_radius(const Parameter& where, double radius) {
  TORCH_CHECK_VALUE(radius >= 0.0 && radius <= kLargestBlurRadius, where.callee, ": ", where.name,
                    " must be in [0, ", kLargestBlurRadius, "] px, got ", radius);
  return static_cast<float>(radius);
}

double checked_degrees(const Parameter& where, double degrees) {
  TORCH_CHECK_VALUE(std::isfinite(degrees), where.callee, ": ", where.name, " must be finite, got ",
                    degrees);
  return degrees;
}

kernels::FloatImage checked_slot(std::string_view callee, const at::Tensor& slot,
                                 const Size& size) {
  TORCH_CHECK_VALUE(slot.defined(), callee, ": slot must be a tensor, got none");
  const std::array<std::int64_t, 3> sizes{3, size.height, size.width};
  const bool fits = slot.scalar_type() == at::kFloat && slot.sizes() == at::IntArrayRef(sizes) &&
                    slot.device().is_cpu();
  TORCH_CHECK_VALUE(fits, callee, ": slot must be a float32 tensor ", at::IntArrayRef(sizes),
                    " on the CPU, got ", slot.scalar_type(), " ", slot.sizes(), " on ",
                    slot.device());
  TORCH_CHECK_VALUE(at::has_internal_overlap(slot) != at::MemOverlap::Yes, callee,
                    ": slot must not overlap itself, got strides ", slot.strides());
  return {static_cast<float*>(slot.mutable_data_ptr()), slot.stride(0), slot.stride(1),
          slot.stride(2)};
}

kernels::Normalizer normalizer(const Normalization& normalization) {
  normalization.check();
  std::array<float, 3> mean{};
  std::array<float, 3> std{};
  for (std::size_t c = 0; c < 3; ++c) {
    mean[c] = static_cast<float>(normalization.mean[c]);
    std[c] = static_cast<float>(normalization.std[c]);
  }
  return {mean, std};
}

const kernels::Normalizer& last_normalizer(const Normalization& normalization) {
  struct Entry {
    Normalization key;
    kernels::Normalizer made;
  };
  thread_local Entry last{{}, normalizer({})};
  if (!(last.key == normalization)) {
    last = {normalization, normalizer(normalization)};
  }
  return last.made;
}

kernels::ResizeStyle resize_style(const kernels::ConstImage& source, const kernels::Image& target,
                                  const Resampling& resampling) {
  const bool vertical = resampling.pass_order == PillowPassOrder::kCurrent &&
                        source.height > target.height &&
                        source.height - target.height > 2 * (source.width - target.width);
  return {.first = vertical ? kernels::ResizePass::kVertical : kernels::ResizePass::kHorizontal,
          .filter = resampling.interpolation == Interpolation::kBicubic
                        ? kernels::ResizeFilter::kBicubic
                        : kernels::ResizeFilter::kBilinear};
}

void resize_pixels(const kernels::ConstImage& source, const kernels::Image& target,
                   const Resampling& resampling, kernels::ResizeScratch& scratch) {
  if (resampling.interpolation == Interpolation::kNearest) {
    kernels::resize_nearest(source, target);
  } else {
    kernels::resize(source, target, resize_style(source, target, resampling), scratch);
  }
}

}  // namespace functional

namespace {

struct Scratch {
  kernels::ResizeScratch resize;
  kernels::BlurScratch blur;
  std::vector<std::uint8_t> view;
  std::vector<std::uint8_t> turned;
};

kernels::Image image_in(std::vector<std::uint8_t>& memory, const Size& size) {
  memory.resize(static_cast<std::size_t>(3 * size.height * size.width));
  return {memory.data(), 3 * size.width, size.height, size.width};
}

// Steps that make pixels from the same pixels, gathered until one needs the whole image.
class Steps {
 public:
  explicit Steps(const kernels::Image& image) : image_(image) {}

  void add(const kernels::PointOp& op) { ops_[count_++] = op; }

  std::span<const kernels::PointOp> pending() const { return {ops_.data(), count_}; }

  void flush() {
    if (count_ > 0) {
      kernels::apply(pending(), image_, image_);
      count_ = 0;
    }
  }

  int flush_and_mean_luma() {
    const std::uint64_t sum = count_ > 0 ? kernels::apply_and_sum_luma(pending(), image_, image_)
                                         : kernels::sum_luma(image_);
    count_ = 0;
    return kernels::mean_luma(sum, image_.height * image_.width);
  }

 private:
  kernels::Image image_;
  // Four of the jitter, grey, solarization before or after the blur.
  std::array<kernels::PointOp, 6> ops_{};
  std::size_t count_ = 0;
};

void add_jitter(const ColorJitter::Params& jitter, Steps& steps) {
  using Step = ColorJitter::Step;
  TORCH_CHECK_VALUE(has_each_step_once(jitter),
                    "ImageView: order of the jitter must name each step once");
  for (const Step step : jitter.order) {
    if (step == Step::kBrightness && jitter.brightness) {
      steps.add(kernels::LevelBlend{
          functional::checked_factor({"ImageView", "brightness"}, *jitter.brightness), 0});
    } else if (step == Step::kContrast && jitter.contrast) {
      const float factor = functional::checked_factor({"ImageView", "contrast"}, *jitter.contrast);
      steps.add(kernels::LevelBlend{factor, steps.flush_and_mean_luma()});
    } else if (step == Step::kSaturation && jitter.saturation) {
      steps.add(kernels::LumaBlend{
          functional::checked_factor({"ImageView", "saturation"}, *jitter.saturation)});
    } else if (step == Step::kHue && jitter.hue) {
      steps.add(functional::hue_shift({"ImageView", "hue"}, *jitter.hue));
    }
  }
}

void mirror(const ImageView::Params& params, const kernels::Image& image) {
  if (params.hflip) {
    kernels::hflip_in_place(image);
  }
  if (params.vflip) {
    kernels::vflip_in_place(image);
  }
}

// Crop, resize, turn and mirror.
void show(const kernels::ConstImage& crop, const ImageViewOptions& options,
          const ImageView::Params& params, const kernels::Image& target, Scratch& scratch) {
  const bool turn_first = params.rotate && options.rotation == RotationPlace::kBeforeFlips;
  const kernels::Image shown =
      params.rotate ? image_in(scratch.turned, {target.height, target.width}) : target;
  if (options.interpolation == functional::Interpolation::kNearest) {
    kernels::resize_nearest(crop, shown);
    if (!turn_first) {
      mirror(params, shown);
    }
  } else {
    kernels::ResizeStyle style = functional::resize_style(
        crop, shown, {.interpolation = options.interpolation, .pass_order = options.pass_order});
    style.hflip = params.hflip && !turn_first;
    style.vflip = params.vflip && !turn_first;
    kernels::resize(crop, shown, style, scratch.resize);
  }
  if (params.rotate) {
    kernels::rotate(shown, target,
                    functional::checked_degrees({"ImageView", "rotate"}, *params.rotate));
  }
  if (turn_first) {
    mirror(params, target);
  }
}

// All but the steps that wait in the result.
Steps make(const at::Tensor& image, const ImageViewOptions& options,
           const ImageView::Params& params, const kernels::Image& target, Scratch& scratch) {
  const functional::Pixels pixels("ImageView", image);
  show(pixels.part("ImageView", "crop", params.crop), options, params, target, scratch);
  Steps steps(target);
  const auto add_solarization_at = [&](SolarizationPlace place) {
    if (params.solarize && options.solarization == place) {
      steps.add(kernels::Solarize{static_cast<int>(options.solarization_threshold)});
    }
  };
  if (params.jitter) {
    add_jitter(*params.jitter, steps);
  }
  if (params.gray) {
    steps.add(kernels::Grayscale{});
  }
  add_solarization_at(SolarizationPlace::kBeforeBlur);
  if (params.blur) {
    steps.flush();
    kernels::gaussian_blur(target, target,
                           functional::checked_radius({"ImageView", "blur"}, *params.blur),
                           scratch.blur);
  }
  add_solarization_at(SolarizationPlace::kAfterBlur);
  return steps;
}

thread_local Scratch scratch;

}  // namespace

void write_view(const ImageView& view, const at::Tensor& image, const ImageView::Params& params,
                const kernels::Image& target) {
  make(image, view.options(), params, target, scratch).flush();
}

void write_view(const ImageView& view, const at::Tensor& image, const ImageView::Params& params,
                const kernels::Normalizer& normalizer, const kernels::FloatImage& target) {
  const kernels::Image made = image_in(scratch.view, view.options().input_size);
  const Steps steps = make(image, view.options(), params, made, scratch);
  kernels::apply_to_float(steps.pending(), made, normalizer, target);
}

}  // namespace lightly::transforms
