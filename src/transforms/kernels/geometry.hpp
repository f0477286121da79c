#pragma once

#include "transforms/kernels/image.hpp"

namespace lightly::transforms::kernels {

/// Pixels of any strides, in bytes: channel c of pixel (y, x) is at
/// data + y * y_stride + x * x_stride + c * c_stride.
struct StridedImage {
  const std::uint8_t* data;
  std::ptrdiff_t c_stride;
  std::ptrdiff_t y_stride;
  std::ptrdiff_t x_stride;
};

/// The three bytes of one interleaved pixel.
inline void copy_pixel(const std::uint8_t* source, std::uint8_t* target) {
  target[0] = source[0];
  target[1] = source[1];
  target[2] = source[2];
}

/// Interleaves `source`, which has the target's size.
void interleave(const StridedImage& source, const Image& target);

/// Row by row; both have the same size.
void copy(const ConstImage& source, const Image& target);

/// Mirrors left and right; both have the same size.
void hflip(const ConstImage& source, const Image& target);

/// Mirrors top and bottom; both have the same size.
void vflip(const ConstImage& source, const Image& target);

void hflip_in_place(const Image& image);

void vflip_in_place(const Image& image);

/// A quarter turn counter-clockwise about the centre on a canvas of the same size; what comes from
/// outside the source is black.
void rotate90(const ConstImage& source, const Image& target);

/// Exchanges rows and columns; the target is width x height.
void transpose(const ConstImage& source, const Image& target);

}  // namespace lightly::transforms::kernels
