#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace lightly::media {

/// A rectangle of an image, in pixels: rows [top, top + height), columns [left, left + width).
struct Region {
  std::int64_t top = 0;
  std::int64_t left = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// What was decoded of an image.
struct ImagePart {
  /// uint8 [3, h, w], RGB, the three bytes of a pixel side by side: the image from (top, left) on,
  /// `reduction` times smaller. Its rows may lie further apart than 3 w bytes.
  at::Tensor pixels;
  /// Row and column of the image, in its full size, where `pixels` begins.
  std::int64_t top = 0;
  std::int64_t left = 0;
  std::int64_t reduction = 1;
};

}  // namespace lightly::media
