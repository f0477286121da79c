#pragma once

#include "transforms/kernels/image.hpp"

namespace lightly::transforms::kernels::scalar {

/// level + factor * (byte - level), as PIL's Image.blend.
struct LevelBlend {
  float factor;
  int level;
};

/// Blends each byte with one level.
void blend_with_level(const ConstImage& source, const Image& target, const LevelBlend& parameters);

/// Blends each pixel with its luma.
void blend_with_luma(const ConstImage& source, const Image& target, float factor);

std::uint64_t sum_luma(const ConstImage& source);

/// The luma in all three channels.
void grayscale(const ConstImage& source, const Image& target);

/// Inverts the bytes from `threshold` up.
void solarize(const ConstImage& source, const Image& target, int threshold);

/// Adds `shift` in [0, 255] to the 8-bit hue of Pillow's HSV, modulo 256.
void shift_hue(const ConstImage& source, const Image& target, int shift);

}  // namespace lightly::transforms::kernels::scalar
