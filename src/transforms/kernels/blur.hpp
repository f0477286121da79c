#pragma once

#include <cstdint>
#include <vector>

#include "transforms/kernels/image.hpp"
#include "transforms/kernels/scalar/blur.hpp"

namespace lightly::transforms::kernels {

/// Buffers that grow to the largest image seen.
struct BlurScratch {
  std::vector<std::uint16_t> rows;
  scalar::BlurScratch scalar;
};

/// Pillow's Gaussian blur with standard deviation `sigma` >= 0: three box filters along rows, then
/// three along columns, uint8 in between, the border repeated. The target has the source's size and
/// may be the source itself.
void gaussian_blur(const ConstImage& source, const Image& target, float sigma,
                   BlurScratch& scratch);

}  // namespace lightly::transforms::kernels
