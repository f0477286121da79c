#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

/// What the decoders of all image formats share. Their `where` opens the text of every error:
/// "EncodedImage: cannot decode x.png".
namespace lightly::media {

using Bytes = std::span<const std::uint8_t>;

struct ImageSize {
  std::int64_t width = 0;
  std::int64_t height = 0;
};

/// A decoder meets this where the bytes end before the image does.
[[noreturn]] inline void throw_cut_short(const std::string& where) {
  TORCH_CHECK(false, where, ": the file is cut short");
}

inline bool begins_with(Bytes bytes, std::string_view signature) {
  return bytes.size() >= signature.size() &&
         std::equal(signature.begin(), signature.end(), bytes.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

/// `count` bytes from `at` on as an unsigned number; the caller has checked that they are there.
inline std::uint64_t big_endian(Bytes bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = (value << 8) | bytes[at + i];
  }
  return value;
}

inline std::uint64_t little_endian(Bytes bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i > 0; --i) {
    value = (value << 8) | bytes[at + i - 1];
  }
  return value;
}

/// Memory for an image, uint8 [H, W, 3], not yet written.
inline at::Tensor empty_pixels(const ImageSize& size) {
  return at::empty({size.height, size.width, 3}, at::TensorOptions().dtype(at::kByte));
}

/// The same memory as [3, H, W].
inline at::Tensor as_image(const at::Tensor& pixels) {
  return pixels.permute({2, 0, 1});
}

/// 256 colours; what a file does not define is black.
using Palette = std::array<std::array<std::uint8_t, 3>, 256>;

/// Writes the colours of `count` indices.
inline void write_colors(const Palette& palette, const std::uint8_t* indices, std::int64_t count,
                         std::uint8_t* into) {
  for (std::int64_t i = 0; i < count; ++i) {
    std::copy_n(palette[indices[i]].data(), 3, into + 3 * i);
  }
}

}  // namespace lightly::media
