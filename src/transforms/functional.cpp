#include "lightly/transforms/functional.hpp"

#include <cmath>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "transforms/kernels/blur.hpp"
#include "transforms/kernels/geometry.hpp"
#include "transforms/kernels/point_ops.hpp"
#include "transforms/kernels/resize.hpp"
#include "transforms/pixels.hpp"
#include "transforms/view_pixels.hpp"

namespace lightly::transforms::functional {
namespace {

at::Tensor resized(const kernels::ConstImage& source, const Size& size,
                   const Resampling& resampling) {
  thread_local kernels::ResizeScratch scratch;
  at::Tensor result = empty_image(size);
  resize_pixels(source, pixels_to_write(result), resampling, scratch);
  return result;
}

at::Tensor with(const Pixels& pixels, const kernels::PointOp& op) {
  at::Tensor result = empty_image(pixels.size());
  kernels::apply({&op, 1}, *pixels, pixels_to_write(result));
  return result;
}

}  // namespace

at::Tensor crop(const at::Tensor& image, const Box& box) {
  const Pixels pixels("crop", image);
  const kernels::ConstImage part = pixels.part("crop", box);
  at::Tensor result = empty_image({box.height, box.width});
  kernels::copy(part, pixels_to_write(result));
  return result;
}

at::Tensor resize(const at::Tensor& image, const Size& size, const Resampling& resampling) {
  const Pixels pixels("resize", image);
  check_size("resize", "size", size);
  return resized(*pixels, size, resampling);
}

at::Tensor resized_crop(const at::Tensor& image, const ResizedCrop& parameters) {
  const Pixels pixels("resized_crop", image);
  check_size("resized_crop", "size", parameters.size);
  return resized(pixels.part("resized_crop", parameters.box), parameters.size,
                 {.interpolation = parameters.interpolation, .pass_order = parameters.pass_order});
}

at::Tensor hflip(const at::Tensor& image) {
  const Pixels pixels("hflip", image);
  at::Tensor result = empty_image(pixels.size());
  kernels::hflip(*pixels, pixels_to_write(result));
  return result;
}

at::Tensor vflip(const at::Tensor& image) {
  const Pixels pixels("vflip", image);
  at::Tensor result = empty_image(pixels.size());
  kernels::vflip(*pixels, pixels_to_write(result));
  return result;
}

at::Tensor rotate90(const at::Tensor& image) {
  const Pixels pixels("rotate90", image);
  at::Tensor result = empty_image(pixels.size());
  kernels::rotate90(*pixels, pixels_to_write(result));
  return result;
}

at::Tensor adjust_brightness(const at::Tensor& image, double factor) {
  const Pixels pixels("adjust_brightness", image);
  return with(pixels, kernels::LevelBlend{checked_factor("adjust_brightness", factor), 0});
}

at::Tensor adjust_contrast(const at::Tensor& image, double factor) {
  const Pixels pixels("adjust_contrast", image);
  const float checked = checked_factor("adjust_contrast", factor);
  const int level = kernels::mean_luma(kernels::sum_luma(*pixels), pixels->height * pixels->width);
  return with(pixels, kernels::LevelBlend{checked, level});
}

at::Tensor adjust_saturation(const at::Tensor& image, double factor) {
  const Pixels pixels("adjust_saturation", image);
  return with(pixels, kernels::LumaBlend{checked_factor("adjust_saturation", factor)});
}

at::Tensor adjust_hue(const at::Tensor& image, double factor) {
  const Pixels pixels("adjust_hue", image);
  return with(pixels, hue_shift("adjust_hue", factor));
}

at::Tensor to_grayscale(const at::Tensor& image) {
  return with(Pixels("to_grayscale", image), kernels::Grayscale{});
}

at::Tensor gaussian_blur(const at::Tensor& image, double radius) {
  thread_local kernels::BlurScratch scratch;
  const Pixels pixels("gaussian_blur", image);
  const float checked = checked_radius("gaussian_blur", radius);
  at::Tensor result = empty_image(pixels.size());
  kernels::gaussian_blur(*pixels, pixels_to_write(result), checked, scratch);
  return result;
}

at::Tensor to_float_normalize(const at::Tensor& image, const Normalization& normalization) {
  core::check_image("to_float_normalize", image);
  at::Tensor result = empty_image({image.size(1), image.size(2)}, at::kFloat);
  to_float_normalize_into(image, normalization, result);
  return result;
}

void to_float_normalize_into(const at::Tensor& image, const Normalization& normalization,
                             const at::Tensor& slot) {
  const Pixels pixels("to_float_normalize", image);
  kernels::apply_to_float({}, *pixels, last_normalizer(normalization),
                          checked_slot("to_float_normalize_into", slot, pixels.size()));
}

}  // namespace lightly::transforms::functional
