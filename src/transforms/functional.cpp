#include "lightly/transforms/functional.hpp"

#include <cmath>

#include <ATen/EmptyTensor.h>
#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "transforms/kernels/blur.hpp"
#include "transforms/kernels/color.hpp"
#include "transforms/kernels/geometry.hpp"
#include "transforms/kernels/normalize.hpp"
#include "transforms/kernels/resize.hpp"

namespace lightly::transforms::functional {
namespace {

// Beyond this the sum of a box leaves 32 bits.

// Past the dispatcher: at 32 px a dispatched at::empty costs as much as the pixels.
at::Tensor empty_image(const Size& size, at::ScalarType dtype = at::kByte) {
  const std::int64_t sizes[] = {3, size.height, size.width};
  const std::int64_t strides[] = {1, 3 * size.width, 3};
  return at::Tensor(at::detail::empty_strided_cpu(sizes, strides, dtype));
}

Size size_of(const at::Tensor& image) {
  return {image.size(1), image.size(2)};
}

kernels::Image pixels_to_write(const at::Tensor& image) {
  return {static_cast<std::uint8_t*>(image.mutable_data_ptr()), image.stride(1), image.size(1),
          image.size(2)};
}

// The checked pixels of an argument, interleaved: the tensor's own memory where it is so, else a
// copy that lives as long as this object.
class Pixels {
 public:
  Pixels(std::string_view callee, const at::Tensor& image) {
    core::check_image(callee, image);
    const std::int64_t height = image.size(1);
    const std::int64_t width = image.size(2);
    const auto* data = static_cast<const std::uint8_t*>(image.const_data_ptr());
    // The stride along an axis of one element says nothing.
    if (image.stride(0) == 1 && (image.stride(2) == 3 || width == 1)) {
      view_ = {data, image.stride(1), height, width};
      return;
    }
    copy_ = empty_image({height, width});
    const kernels::Image target = pixels_to_write(copy_);
    kernels::interleave({data, image.stride(0), image.stride(1), image.stride(2)}, target);
    view_ = target;
  }

  const kernels::ConstImage& operator*() const { return view_; }
  const kernels::ConstImage* operator->() const { return &view_; }
  Size size() const { return {view_.height, view_.width}; }

  // The part of the image in `box`, which must lie inside.
  kernels::ConstImage part(std::string_view callee, const Box& box) const {
    TORCH_CHECK_VALUE(is_inside(box, size()), callee,
                      ": box must be at least 1x1 px and inside the image of ", size(), ", got ",
                      box);
    return {view_.row(box.top) + 3 * box.left, view_.row_bytes, box.height, box.width};
  }

 private:
  at::Tensor copy_;
  kernels::ConstImage view_{};
};

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
  kernels::shift_hue(*pixels, pixels_to_write(result), kernels::hue_shift(factor));
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
  at::Tensor result = empty_image(size_of(image), at::kFloat);
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
