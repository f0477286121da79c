#pragma once

#include "transforms/kernels/image.hpp"
#include "transforms/kernels/resize_weights.hpp"

namespace lightly::transforms::kernels::scalar {

/// Resizes every row to the target's width; both images have the same height.
void resize_rows(const ConstImage& source, const Image& target, const ResizeWeights& table);

/// Resizes every column to the target's height; both images have the same width.
void resize_columns(const ConstImage& source, const Image& target, const ResizeWeights& table);

}  // namespace lightly::transforms::kernels::scalar
