#pragma once

#include <vector>

#include "transforms/kernels/image.hpp"
#include "transforms/kernels/resize_weights.hpp"

namespace lightly::transforms::kernels {

enum class ResizePass { kHorizontal, kVertical };

struct ResizeStyle {
  ResizePass first = ResizePass::kHorizontal;
  ResizeFilter filter = ResizeFilter::kBilinear;
  /// Mirror the result left and right, top and bottom.
  bool hflip = false;
  bool vflip = false;
};

/// Buffers that grow to the largest image seen.
struct ResizeScratch {
  ResizeWeightsCache across;
  ResizeWeightsCache down;
  std::vector<std::uint8_t> between;
  std::vector<std::uint8_t> copies;
  std::vector<std::uint8_t> lines;
  std::vector<const std::uint8_t*> pointers;
};

/// Pillow's resize with antialiasing, through uint8 between its two passes; a pass that would
/// change nothing is left out. Source and target do not overlap.
void resize(const ConstImage& source, const Image& target, const ResizeStyle& style,
            ResizeScratch& scratch);

/// Pillow's resize to the nearest pixel.
void resize_nearest(const ConstImage& source, const Image& target);

}  // namespace lightly::transforms::kernels
