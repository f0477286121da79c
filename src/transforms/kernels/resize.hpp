#pragma once

#include <vector>

#include "transforms/kernels/image.hpp"

namespace lightly::transforms::kernels {

/// What one output position of a pass reads: the same number of neighbouring inputs everywhere.
struct ResizeWeights {
  std::int64_t taps = 0;
  /// The first input of each output position.
  std::vector<std::int64_t> first;
  /// `taps` weights for each output position, in units of 2^-22.
  std::vector<std::int32_t> weights;
};

/// Buffers that grow to the largest image seen.
struct ResizeScratch {
  ResizeWeights horizontal;
  ResizeWeights vertical;
  std::vector<std::uint8_t> between;
};

enum class ResizePass { kHorizontal, kVertical };

/// Pillow's bilinear resize with antialiasing, through uint8 between its two passes; a pass that
/// would change nothing is left out.
void resize(const ConstImage& source, const Image& target, ResizePass first,
            ResizeScratch& scratch);

}  // namespace lightly::transforms::kernels
