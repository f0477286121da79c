#include "lightly/transforms/image_view.hpp"

#include <algorithm>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "transforms/pixels.hpp"
#include "transforms/preset_views.hpp"
#include "transforms/view_checks.hpp"
#include "transforms/view_pixels.hpp"

namespace lightly::transforms {
namespace {

GaussianBlurOptions blur_options(const ImageViewOptions& options) {
  GaussianBlurOptions blur{.sigmas = options.sigmas, .prob = options.gaussian_blur};
  if (options.early_blur_radius) {
    const auto side = std::max(options.input_size.height, options.input_size.width);
    blur.early_radius = {.kernel_size = options.kernel_size * static_cast<double>(side)};
  }
  return blur;
}

RandomRotateDegreesOptions rotation_options(const ImageViewOptions& options) {
  return {.prob = options.rr_prob, .degrees = options.rr_degrees.value_or(DegreeRange(90.0, 90.0))};
}

}  // namespace

void ImageViewOptions::check() const {
  check_view("ImageView", *this);
}

void SimCLRViewOptions::check() const {
  simclr_view(*this);
}

ImageViewOptions simclr_view(std::string_view callee, const SimCLRViewOptions& options) {
  // Beyond 2.5 the hue's strength leaves [0, 0.5].
  TORCH_CHECK_VALUE(options.cj_strength >= 0.0 && options.cj_strength <= 2.5, callee,
                    ": cj_strength must be in [0, 2.5], got ", options.cj_strength);
  return early_view(callee, options,
                    {.brightness = options.cj_strength * 0.8,
                     .contrast = options.cj_strength * 0.8,
                     .saturation = options.cj_strength * 0.8,
                     .hue = options.cj_strength * 0.2});
}

ImageViewOptions simclr_view(const SimCLRViewOptions& options) {
  return simclr_view("simclr_view", options);
}

ImageView::ImageView(ImageViewOptions options)
    : options_(checked_view("ImageView", options)),
      crop_({.size = options.input_size, .scale = {options.min_scale, options.max_scale}}),
      rotate_(rotation_options(options)),
      hflip_({.p = options.hf_prob}),
      vflip_({.p = options.vf_prob}),
      jitter_({.brightness = options.cj_bright,
               .contrast = options.cj_contrast,
               .saturation = options.cj_sat,
               .hue = options.cj_hue}),
      gray_({.p = options.random_gray_scale}),
      blur_(blur_options(options)),
      solarize_({.prob = options.solarization_prob, .threshold = options.solarization_threshold}) {}

ImageView::Params ImageView::sample(const Size& image_size, core::Random& random) const {
  check_size("ImageView", "image_size", image_size);
  Params params;
  params.crop = crop_.sample(image_size, random);
  params.rotate = rotate_.sample(random);
  params.hflip = hflip_.sample(random);
  params.vflip = vflip_.sample(random);
  if (random.bernoulli(options_.cj_prob)) {
    params.jitter = jitter_.sample(random);
  }
  params.gray = gray_.sample(random);
  params.blur = blur_.sample(random);
  params.solarize = solarize_.sample(random);
  return params;
}

at::Tensor ImageView::apply(const at::Tensor& image, const Params& params) const {
  at::Tensor view = functional::empty_image(options_.input_size);
  write_view(*this, image, params, functional::pixels_to_write(view));
  return view;
}

void ImageView::apply_into(const at::Tensor& image, const Params& params,
                           const at::Tensor& slot) const {
  const Normalization normalization = options_.normalize.value_or(Normalization());
  write_view(*this, image, params, functional::last_normalizer(normalization),
             functional::checked_slot("ImageView", slot, options_.input_size));
}

at::Tensor ImageView::operator()(const at::Tensor& image, core::Random& random) const {
  core::check_image("ImageView", image);
  return apply(image, sample({image.size(1), image.size(2)}, random));
}

}  // namespace lightly::transforms
