#include "lightly/transforms/functional.hpp"

#include <cmath>
#include <cstring>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "transforms/kernels/blur.hpp"
#include "transforms/kernels/geometry.hpp"
#include "transforms/kernels/point_ops.hpp"
#include "transforms/kernels/resize.hpp"
#include "transforms/kernels/rotate.hpp"
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

// What a centred window of `out` pixels shows of `in`: [from, from + length), from `to` on.
struct Span {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t length = 0;
};

// torchvision rounds half a pixel to even where it cuts, and down where it pads.
Span centred(std::int64_t in, std::int64_t out) {
  if (out > in) {
    return {.to = (out - in) / 2, .length = in};
  }
  return {.from = std::llrint(static_cast<double>(in - out) / 2.0), .length = out};
}

at::Tensor with(const Pixels& pixels, const kernels::PointOp& op) {
  at::Tensor result = empty_image(pixels.size());
  kernels::apply({&op, 1}, *pixels, pixels_to_write(result));
  return result;
}

}  // namespace

at::Tensor crop(const at::Tensor& image, const Box& box) {
  const Pixels pixels("crop", image);
  const kernels::ConstImage part = pixels.part("crop", "box", box);
  at::Tensor result = empty_image({box.height, box.width});
  kernels::copy(part, pixels_to_write(result));
  return result;
}

at::Tensor center_crop(const at::Tensor& image, const Size& size) {
  const Pixels pixels("center_crop", image);
  check_size("center_crop", "size", size);
  const Span rows = centred(pixels->height, size.height);
  const Span columns = centred(pixels->width, size.width);
  at::Tensor result = empty_image(size);
  const kernels::Image target = pixels_to_write(result);
  if (rows.length < size.height || columns.length < size.width) {
    std::memset(target.data, 0, result.nbytes());
  }
  kernels::copy(
      pixels.part("center_crop", "window", {rows.from, columns.from, rows.length, columns.length}),
      {target.row(rows.to) + 3 * columns.to, target.row_bytes, rows.length, columns.length});
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
  return resized(pixels.part("resized_crop", "box", parameters.box), parameters.size,
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

at::Tensor rotate(const at::Tensor& image, double degrees) {
  const Pixels pixels("rotate", image);
  const double checked = checked_degrees({"rotate", "degrees"}, degrees);
  at::Tensor result = empty_image(pixels.size());
  kernels::rotate(*pixels, pixels_to_write(result), checked);
  return result;
}

at::Tensor adjust_brightness(const at::Tensor& image, double factor) {
  const Pixels pixels("adjust_brightness", image);
  return with(pixels,
              kernels::LevelBlend{checked_factor({"adjust_brightness", "factor"}, factor), 0});
}

at::Tensor adjust_contrast(const at::Tensor& image, double factor) {
  const Pixels pixels("adjust_contrast", image);
  const float checked = checked_factor({"adjust_contrast", "factor"}, factor);
  const int level = kernels::mean_luma(kernels::sum_luma(*pixels), pixels->height * pixels->width);
  return with(pixels, kernels::LevelBlend{checked, level});
}

at::Tensor adjust_saturation(const at::Tensor& image, double factor) {
  const Pixels pixels("adjust_saturation", image);
  return with(pixels, kernels::LumaBlend{checked_factor({"adjust_saturation", "factor"}, factor)});
}

at::Tensor adjust_hue(const at::Tensor& image, double factor) {
  const Pixels pixels("adjust_hue", image);
  return with(pixels, hue_shift({"adjust_hue", "factor"}, factor));
}

at::Tensor to_grayscale(const at::Tensor& image) {
  return with(Pixels("to_grayscale", image), kernels::Grayscale{});
}

at::Tensor solarize(const at::Tensor& image, std::int64_t threshold) {
  const Pixels pixels("solarize", image);
  TORCH_CHECK_VALUE(threshold >= 0 && threshold <= 256,
                    "solarize: threshold must be in [0, 256], got ", threshold);
  return with(pixels, kernels::Solarize{static_cast<int>(threshold)});
}

at::Tensor gaussian_blur(const at::Tensor& image, double radius) {
  thread_local kernels::BlurScratch scratch;
  const Pixels pixels("gaussian_blur", image);
  const float checked = checked_radius({"gaussian_blur", "radius"}, radius);
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
  const Pixels pixels("to_float_normalize_into", image);
  kernels::apply_to_float({}, *pixels, last_normalizer(normalization),
                          checked_slot("to_float_normalize_into", slot, pixels.size()));
}

}  // namespace lightly::transforms::functional
