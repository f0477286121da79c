#include "transforms/kernels/scalar/resize.hpp"

#include <algorithm>

namespace lightly::transforms::kernels::scalar {
namespace {

constexpr int kPrecisionBits = 22;
constexpr std::int32_t kHalf = 1 << (kPrecisionBits - 1);

std::uint8_t rounded(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

// kTaps = 0 stands for any number; the common small ones unroll.
template <int kTaps>
void horizontal_rows(const ConstImage& source, const Image& target, const ResizeWeights& table) {
  const std::int64_t taps = kTaps > 0 ? kTaps : table.taps;
  for (std::int64_t y = 0; y < source.height; ++y) {
    const std::uint8_t* row = source.row(y);
    std::uint8_t* out = target.row(y);
    const std::int32_t* weights = table.weights.data();
    for (std::int64_t x = 0; x < target.width; ++x, weights += taps, out += 3) {
      const std::uint8_t* pixel = row + 3 * table.first[static_cast<std::size_t>(x)];
      std::int32_t r = kHalf;
      std::int32_t g = kHalf;
      std::int32_t b = kHalf;
      for (std::int64_t k = 0; k < taps; ++k) {
        r += weights[k] * pixel[3 * k];
        g += weights[k] * pixel[3 * k + 1];
        b += weights[k] * pixel[3 * k + 2];
      }
      out[0] = rounded(r);
      out[1] = rounded(g);
      out[2] = rounded(b);
    }
  }
}

}  // namespace

void resize_rows(const ConstImage& source, const Image& target, const ResizeWeights& table) {
  switch (table.taps) {
    case 2:
      return horizontal_rows<2>(source, target, table);
    case 3:
      return horizontal_rows<3>(source, target, table);
    case 4:
      return horizontal_rows<4>(source, target, table);
    default:
      return horizontal_rows<0>(source, target, table);
  }
}

void resize_columns(const ConstImage& source, const Image& target, const ResizeWeights& table) {
  constexpr std::int64_t kPiece = 96;
  const std::int64_t bytes = 3 * target.width;
  std::int32_t sums[kPiece];
  for (std::int64_t y = 0; y < target.height; ++y) {
    const std::int64_t first = table.first[static_cast<std::size_t>(y)];
    const std::int32_t* weights = table.weights.data() + y * table.taps;
    std::uint8_t* out = target.row(y);
    for (std::int64_t begin = 0; begin < bytes; begin += kPiece) {
      const std::int64_t count = std::min(kPiece, bytes - begin);
      std::fill_n(sums, count, kHalf);
      for (std::int64_t k = 0; k < table.taps; ++k) {
        const std::uint8_t* row = source.row(first + k) + begin;
        const std::int32_t weight = weights[k];
        for (std::int64_t i = 0; i < count; ++i) {
          sums[i] += weight * row[i];
        }
      }
      for (std::int64_t i = 0; i < count; ++i) {
        out[begin + i] = rounded(sums[i]);
      }
    }
  }
}

}  // namespace lightly::transforms::kernels::scalar
