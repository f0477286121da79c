#pragma once

#include <vector>

#include "transforms/kernels/image.hpp"

namespace lightly::transforms::kernels {

/// Buffers that grow to the largest image seen.
struct BlurScratch {
  std::vector<std::uint8_t> a;
  std::vector<std::uint8_t> b;
  std::vector<std::uint32_t> sums;
};

/// The radius, in pixels and fractions of one, of the box whose threefold filter has the standard
/// deviation `sigma` >= 0; in Pillow's float32.
float box_radius(float sigma);

/// Pillow's Gaussian blur with standard deviation `sigma` >= 0: three box filters along rows, then
/// three along columns, uint8 in between, the border repeated. Source and target have the same
/// size.
void gaussian_blur(const ConstImage& source, const Image& target, float sigma,
                   BlurScratch& scratch);

}  // namespace lightly::transforms::kernels
