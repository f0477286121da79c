#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "lightly/transforms/normalization.hpp"
#include "lightly/transforms/size.hpp"

/// Operations on images with every parameter given: no randomness, no state.
///
/// Every `image` is uint8 [3, H, W], RGB, on the CPU, of any strides, and is never written to.
/// Every uint8 result is a new [3, h, w] in channels-last memory (H·W·3). Pixels equal those of
/// Pillow 13.0.0 called through torchvision 0.29.1, bit for bit. Other images and parameters
/// outside the stated range throw c10::ValueError.
namespace lightly::transforms::functional {

/// Which of the two passes of a resize Pillow takes first; the results differ by one in places,
/// because pixels are rounded to uint8 in between.
enum class PillowPassOrder {
  /// Pillow 13: vertical first when the height shrinks by more than twice as many pixels as the
  /// width, else horizontal first.
  kCurrent,
  /// Pillow up to 12.1: always horizontal first. So do 12.2 and 12.3, but for images more than 100
  /// times as high as wide.
  kUpTo12,
};

enum class Interpolation {
  kNearest,
  kBilinear,
  kBicubic,
};

/// How pixels between pixels are made: bilinear and bicubic with antialiasing, as PIL's `resize`.
struct Resampling {
  Interpolation interpolation = Interpolation::kBilinear;
  PillowPassOrder pass_order = PillowPassOrder::kCurrent;
};

/// Where and how `resized_crop` samples.
struct ResizedCrop {
  /// The part of the image to show; inside the image, at least 1x1.
  Box box;
  /// Size of the result in pixels, each side >= 1.
  Size size;
  Interpolation interpolation = Interpolation::kBilinear;
  PillowPassOrder pass_order = PillowPassOrder::kCurrent;
};

/// The pixels of `box`, which must lie inside the image.
at::Tensor crop(const at::Tensor& image, const Box& box);

/// The central `size` pixels; where the image is smaller it lies in the middle of black.
at::Tensor center_crop(const at::Tensor& image, const Size& size);

/// The whole image at another size, as PIL's `resize`.
at::Tensor resize(const at::Tensor& image, const Size& size, const Resampling& resampling = {});

/// `resize(crop(image, box), size)` in one step.
at::Tensor resized_crop(const at::Tensor& image, const ResizedCrop& parameters);

/// Mirrors left and right.
at::Tensor hflip(const at::Tensor& image);

/// Mirrors top and bottom.
at::Tensor vflip(const at::Tensor& image);

/// A quarter turn counter-clockwise on an unchanged canvas, as PIL's `rotate(90)`: an image that is
/// not square loses its ends and gains black bars.
at::Tensor rotate90(const at::Tensor& image);

/// Turns by any finite number of degrees counter-clockwise about the centre of an unchanged canvas,
/// as PIL's `rotate(degrees)`: the nearest pixel, black from outside.
at::Tensor rotate(const at::Tensor& image, double degrees);

/// Blends with black; `factor` >= 0, 1 keeps the image.
at::Tensor adjust_brightness(const at::Tensor& image, double factor);

/// Blends with the mean grey level of the image; `factor` >= 0, 1 keeps the image.
at::Tensor adjust_contrast(const at::Tensor& image, double factor);

/// Blends with the image in grey; `factor` >= 0, 1 keeps the image, 0 gives grey.
at::Tensor adjust_saturation(const at::Tensor& image, double factor);

/// Turns the hue by `factor` of a full circle, in [-0.5, 0.5].
///
/// As in torchvision the image goes to Pillow's 8-bit HSV and back, so that factor 0 changes pixels
/// too.
at::Tensor adjust_hue(const at::Tensor& image, double factor);

/// Luma (ITU-R 601) in all three channels.
at::Tensor to_grayscale(const at::Tensor& image);

/// Inverts every byte >= `threshold`, in [0, 256]: 0 inverts all, 256 none.
at::Tensor solarize(const at::Tensor& image, std::int64_t threshold);

/// 255 minus every byte.
at::Tensor invert(const at::Tensor& image);

/// Keeps the `bits` highest bits of every byte, in [1, 8].
at::Tensor posterize(const at::Tensor& image, std::int64_t bits);

/// Spreads the values of each channel, so that its histogram is about flat.
at::Tensor equalize(const at::Tensor& image);

/// Stretches each channel, so that its least value becomes 0 and its largest 255; a channel of one
/// value stays.
at::Tensor autocontrast(const at::Tensor& image);

/// In pixels.
inline constexpr double kLargestBlurRadius = 1e6;

/// PIL's `GaussianBlur(radius)`: `radius` is the standard deviation in pixels, in
/// [0, kLargestBlurRadius]; three box filters a direction.
at::Tensor gaussian_blur(const at::Tensor& image, double radius);

/// float32 [3, H, W], channels-last: ToTensor, then Normalize, exactly as torchvision computes them
/// ((x / 255 - mean) / std, each step rounded to float32).
at::Tensor to_float_normalize(const at::Tensor& image, const Normalization& normalization);

/// As `to_float_normalize`, written into `slot`: float32 [3, H, W] on the CPU of any strides, such
/// as one image of a preallocated batch (fastest in channels-last memory).
void to_float_normalize_into(const at::Tensor& image, const Normalization& normalization,
                             const at::Tensor& slot);

}  // namespace lightly::transforms::functional
