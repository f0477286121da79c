#include "lightly/transforms/functional.hpp"

#include <cmath>
#include <cstring>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "transforms/kernels/blur.hpp"
#include "transforms/kernels/color.hpp"
#include "transforms/kernels/geometry.hpp"
#include "transforms/kernels/normalize.hpp"
#include "transforms/kernels/resize.hpp"
#include "transforms/kernels/rotate.hpp"
#include "transforms/pixels.hpp"

namespace lightly::transforms::functional {
namespace {

float checked_factor(std::string_view callee, double factor) {
  const auto rounded = static_cast<float>(factor);
  core::check_not_negative(callee, "factor", rounded);
  return rounded;
}

kernels::ResizePass first_pass(const kernels::ConstImage& source, const Size& size,
                               PillowPassOrder order) {
  const bool vertical = order == PillowPassOrder::kCurrent && source.height > size.height &&
                        source.height - size.height > 2 * (source.width - size.width);
  return vertical ? kernels::ResizePass::kVertical : kernels::ResizePass::kHorizontal;
}

at::Tensor resized(const kernels::ConstImage& source, const Size& size, PillowPassOrder order) {
  thread_local kernels::ResizeScratch scratch;
  at::Tensor result = empty_image(size);
  kernels::resize(source, pixels_to_write(result), first_pass(source, size, order), scratch);
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

const kernels::FloatTable& float_table(const Normalization& normalization) {
  struct Entry {
    Normalization key;
    kernels::FloatTable table;
  };
  const auto make = [](const Normalization& key) -> Entry {
    key.check();
    std::array<float, 3> mean{};
    std::array<float, 3> std{};
    for (std::size_t c = 0; c < 3; ++c) {
      mean[c] = static_cast<float>(key.mean[c]);
      std[c] = static_cast<float>(key.std[c]);
    }
    return {key, kernels::normalize_table(mean, std)};
  };
  thread_local Entry last = make({});
  if (!(last.key == normalization)) {
    last = make(normalization);
  }
  return last.table;
}

}  // namespace

at::Tensor crop(const at::Tensor& image, const Box& box) {
  const Pixels pixels("crop", image);
  const kernels::ConstImage part = pixels.part("crop", box);
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
      pixels.part("center_crop", {rows.from, columns.from, rows.length, columns.length}),
      {target.row(rows.to) + 3 * columns.to, target.row_bytes, rows.length, columns.length});
  return result;
}

at::Tensor resize(const at::Tensor& image, const Size& size, PillowPassOrder pass_order) {
  const Pixels pixels("resize", image);
  check_size("resize", "size", size);
  return resized(*pixels, size, pass_order);
}

at::Tensor resized_crop(const at::Tensor& image, const ResizedCrop& parameters) {
  const Pixels pixels("resized_crop", image);
  check_size("resized_crop", "size", parameters.size);
  return resized(pixels.part("resized_crop", parameters.box), parameters.size,
                 parameters.pass_order);
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
  TORCH_CHECK_VALUE(std::isfinite(degrees), "rotate: degrees must be finite, got ", degrees);
  at::Tensor result = empty_image(pixels.size());
  kernels::rotate(*pixels, pixels_to_write(result), degrees);
  return result;
}

at::Tensor adjust_brightness(const at::Tensor& image, double factor) {
  const Pixels pixels("adjust_brightness", image);
  const float blend = checked_factor("adjust_brightness", factor);
  at::Tensor result = empty_image(pixels.size());
  kernels::blend_with_level(*pixels, pixels_to_write(result), {.factor = blend, .level = 0});
  return result;
}

at::Tensor adjust_contrast(const at::Tensor& image, double factor) {
  const Pixels pixels("adjust_contrast", image);
  const float blend = checked_factor("adjust_contrast", factor);
  at::Tensor result = empty_image(pixels.size());
  kernels::blend_with_level(*pixels, pixels_to_write(result),
                            {.factor = blend, .level = kernels::mean_luma(*pixels)});
  return result;
}

at::Tensor adjust_saturation(const at::Tensor& image, double factor) {
  const Pixels pixels("adjust_saturation", image);
  const float blend = checked_factor("adjust_saturation", factor);
  at::Tensor result = empty_image(pixels.size());
  kernels::blend_with_luma(*pixels, pixels_to_write(result), blend);
  return result;
}

at::Tensor adjust_hue(const at::Tensor& image, double factor) {
  const Pixels pixels("adjust_hue", image);
  TORCH_CHECK_VALUE(factor >= -0.5 && factor <= 0.5,
                    "adjust_hue: factor must be in [-0.5, 0.5], got ", factor);
  at::Tensor result = empty_image(pixels.size());
  kernels::shift_hue(*pixels, pixels_to_write(result), static_cast<int>(factor * 255.0) & 255);
  return result;
}

at::Tensor to_grayscale(const at::Tensor& image) {
  const Pixels pixels("to_grayscale", image);
  at::Tensor result = empty_image(pixels.size());
  kernels::grayscale(*pixels, pixels_to_write(result));
  return result;
}

at::Tensor gaussian_blur(const at::Tensor& image, double radius) {
  thread_local kernels::BlurScratch scratch;
  const Pixels pixels("gaussian_blur", image);
  TORCH_CHECK_VALUE(radius >= 0.0 && radius <= kLargestBlurRadius,
                    "gaussian_blur: radius must be in [0, ", kLargestBlurRadius, "] px, got ",
                    radius);
  at::Tensor result = empty_image(pixels.size());
  kernels::gaussian_blur(*pixels, pixels_to_write(result), static_cast<float>(radius), scratch);
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
  TORCH_CHECK_VALUE(slot.defined(), "to_float_normalize_into: slot must be a tensor, got none");
  const bool fits =
      slot.scalar_type() == at::kFloat && slot.sizes() == image.sizes() && slot.device().is_cpu();
  TORCH_CHECK_VALUE(fits, "to_float_normalize_into: slot must be a float32 tensor ", image.sizes(),
                    " on the CPU, got ", slot.scalar_type(), " ", slot.sizes(), " on ",
                    slot.device());
  kernels::to_float(*pixels, float_table(normalization),
                    {static_cast<float*>(slot.mutable_data_ptr()), slot.stride(0), slot.stride(1),
                     slot.stride(2)});
}

}  // namespace lightly::transforms::functional
