#pragma once

#include <cstddef>
#include <cstdint>

/// Loops over pixels: pointers, sizes and strides; no tensors, no checks. Scratch memory is
/// kept per thread, at the largest size that was needed.
namespace lightly::transforms::kernels {

/// Interleaved RGB pixels to read: pixel (y, x) is the three bytes at data + y * row_bytes + 3 * x.
struct ConstImage {
  const std::uint8_t* data;
  std::ptrdiff_t row_bytes;
  std::int64_t height;
  std::int64_t width;

  const std::uint8_t* row(std::int64_t y) const { return data + y * row_bytes; }
};

/// Interleaved RGB pixels to write.
struct Image {
  std::uint8_t* data;
  std::ptrdiff_t row_bytes;
  std::int64_t height;
  std::int64_t width;

  std::uint8_t* row(std::int64_t y) const { return data + y * row_bytes; }
  operator ConstImage() const { return {data, row_bytes, height, width}; }
};

/// The luma of Pillow's convert("L").
inline std::uint32_t luma(std::uint32_t r, std::uint32_t g, std::uint32_t b) {
  return (r * 19595U + g * 38470U + b * 7471U + 0x8000U) >> 16;
}

}  // namespace lightly::transforms::kernels
