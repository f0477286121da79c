#include "transforms/kernels/scalar/normalize.hpp"

namespace lightly::transforms::kernels::scalar {

FloatTable normalize_table(const std::array<float, 3>& mean, const std::array<float, 3>& std) {
  FloatTable table;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < 256; ++i) {
      table[c][i] = (static_cast<float>(i) / 255.0F - mean[c]) / std[c];
    }
  }
  return table;
}

void to_float(const ConstImage& source, const FloatTable& table, const FloatImage& target) {
  const auto& [red, green, blue] = table;
  for (std::int64_t y = 0; y < source.height; ++y) {
    const std::uint8_t* from = source.row(y);
    float* to = target.data + y * target.y_stride;
    if (target.c_stride == 1 && target.x_stride == 3) {
      for (std::int64_t i = 0; i < 3 * source.width; i += 3) {
        to[i] = red[from[i]];
        to[i + 1] = green[from[i + 1]];
        to[i + 2] = blue[from[i + 2]];
      }
      continue;
    }
    for (std::int64_t x = 0; x < source.width; ++x) {
      to[x * target.x_stride] = red[from[3 * x]];
      to[x * target.x_stride + target.c_stride] = green[from[3 * x + 1]];
      to[x * target.x_stride + 2 * target.c_stride] = blue[from[3 * x + 2]];
    }
  }
}

}  // namespace lightly::transforms::kernels::scalar
