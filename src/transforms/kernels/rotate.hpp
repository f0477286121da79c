#pragma once

#include "transforms/kernels/image.hpp"

namespace lightly::transforms::kernels {

/// Pillow's rotate() with nearest neighbour: counter-clockwise about the centre on a canvas of the
/// same size; what comes from outside the source is black. `degrees` is finite.
void rotate(const ConstImage& source, const Image& target, double degrees);

}  // namespace lightly::transforms::kernels
