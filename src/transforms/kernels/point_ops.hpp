#pragma once

#include <array>
#include <span>
#include <variant>

#include "transforms/kernels/image.hpp"
#include "transforms/kernels/scalar/color.hpp"
#include "transforms/kernels/scalar/normalize.hpp"

namespace lightly::transforms::kernels {

using scalar::FloatImage;
using scalar::LevelBlend;

/// Blends each pixel with its luma.
struct LumaBlend {
  float factor;
};

/// Adds `shift` in [0, 255] to the 8-bit hue of Pillow's HSV, modulo 256.
struct HueShift {
  int shift;
};

/// The luma in all three channels.
struct Grayscale {};

/// Inverts the bytes from `threshold` in [0, 256] up.
struct Solarize {
  int threshold;
};

/// A step that makes each pixel of the result from the same pixel of the image.
using PointOp = std::variant<LevelBlend, LumaBlend, HueShift, Grayscale, Solarize>;

/// The steps one after the other. `target` has the source's size and may be the source itself.
void apply(std::span<const PointOp> ops, const ConstImage& source, const Image& target);

/// As apply(); returns the sum of the luma of the result.
std::uint64_t apply_and_sum_luma(std::span<const PointOp> ops, const ConstImage& source,
                                 const Image& target);

/// The mean luma of an image of that many pixels, rounded as Pillow's contrast does.
int mean_luma(std::uint64_t sum, std::int64_t pixels);

std::uint64_t sum_luma(const ConstImage& source);

/// How bytes become floats: (byte / 255 - mean) / std, every step rounded to float32.
struct Normalizer {
  Normalizer(const std::array<float, 3>& mean, const std::array<float, 3>& std);

  std::array<float, 3> mean;
  std::array<float, 3> std;
  scalar::FloatTable table;
  /// Whether multiplications by reciprocals with one correction give every value of the table.
  bool by_reciprocal = false;
};

/// The steps one after the other, then floats; `target` has the source's size.
void apply_to_float(std::span<const PointOp> ops, const ConstImage& source,
                    const Normalizer& normalizer, const FloatImage& target);

}  // namespace lightly::transforms::kernels
