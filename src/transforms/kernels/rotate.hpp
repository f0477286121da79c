#pragma once

#include "transforms/kernels/image.hpp"

namespace lightly::transforms::kernels {

/// Pillow's rotation of an image in numbers with 16 bits after the point: pixel (x, y) of the
/// result comes from column (left + x * cos + y * sin) >> 16 and row (top + x * minus_sin + y *
/// cos) >> 16.
struct FixedTurn {
  std::int64_t left;
  std::int64_t top;
  std::int64_t cos;
  std::int64_t sin;
  std::int64_t minus_sin;
};

/// Counter-clockwise about the centre; `degrees` is finite, the sides are below 2^31.
FixedTurn fixed_turn(double degrees, std::int64_t height, std::int64_t width);

/// Pillow's rotate() with nearest neighbour: counter-clockwise about the centre on a canvas of the
/// same size; what comes from outside the source is black. `degrees` is finite.
void rotate(const ConstImage& source, const Image& target, double degrees);

}  // namespace lightly::transforms::kernels
