#pragma once

#include <array>

#include "transforms/kernels/image.hpp"

namespace lightly::transforms::kernels::scalar {

/// The float of every byte, one table a channel.
using FloatTable = std::array<std::array<float, 256>, 3>;

/// (byte / 255 - mean) / std, every step rounded to float32.
FloatTable normalize_table(const std::array<float, 3>& mean, const std::array<float, 3>& std);

/// Floats of any strides, in elements.
struct FloatImage {
  float* data;
  std::ptrdiff_t c_stride;
  std::ptrdiff_t y_stride;
  std::ptrdiff_t x_stride;
  /// Written past the caches where that is possible: for memory that is read much later.
  bool streamed = false;
};

/// Looks up every byte; `target` has the source's size.
void to_float(const ConstImage& source, const FloatTable& table, const FloatImage& target);

}  // namespace lightly::transforms::kernels::scalar
