#pragma once

#include <vector>

#include "transforms/kernels/image.hpp"

namespace lightly::transforms::kernels::scalar {

/// Buffers that grow to the largest image seen.
struct BlurScratch {
  std::vector<std::uint8_t> a;
  std::vector<std::uint8_t> b;
  std::vector<std::uint32_t> sums;
};

/// A box of 2 * radius + 1 full pixels and a fraction of one more at either end.
struct BlurBox {
  std::int64_t radius;
  /// Of a full pixel and of the ends, in units of 2^-24.
  std::uint32_t weight;
  std::uint32_t end_weight;
};

/// The box whose threefold repetition has the variance of a Gaussian of that standard deviation.
BlurBox blur_box(float sigma);

/// Three box filters along rows, then three along columns, uint8 in between, the border repeated.
/// The target has the source's size and may be the source itself.
void gaussian_blur(const ConstImage& source, const Image& target, const BlurBox& box,
                   BlurScratch& scratch);

}  // namespace lightly::transforms::kernels::scalar
