#include "transforms/kernels/scalar/blur.hpp"

#include <algorithm>
#include <cmath>

#include "transforms/kernels/geometry.hpp"

namespace lightly::transforms::kernels::scalar {
namespace {

constexpr int kPasses = 3;

struct Rows {
  std::int64_t begin;
  std::int64_t end;
};

// The sum over rows [begin, end), begin < 0 <= end, of the image with its border repeated.
void sum_rows(const ConstImage& source, const Rows& rows, std::uint32_t* sums) {
  const std::int64_t bytes = 3 * source.width;
  const std::int64_t inside = std::min(rows.end, source.height);
  const std::uint8_t* top = source.row(0);
  const std::uint8_t* bottom = source.row(source.height - 1);
  const auto above = static_cast<std::uint32_t>(-rows.begin);
  const auto below = static_cast<std::uint32_t>(rows.end - inside);
  for (std::int64_t i = 0; i < bytes; ++i) {
    sums[i] = above * top[i] + below * bottom[i];
  }
  for (std::int64_t y = 0; y < inside; ++y) {
    const std::uint8_t* from = source.row(y);
    for (std::int64_t i = 0; i < bytes; ++i) {
      sums[i] += from[i];
    }
  }
}

// One box filter along the columns of `source`.
void box_pass(const ConstImage& source, const Image& target, const BlurBox& box,
              std::uint32_t* sums) {
  const std::int64_t bytes = 3 * source.width;
  const std::int64_t last = source.height - 1;
  const auto row = [&](std::int64_t y) { return source.row(std::clamp<std::int64_t>(y, 0, last)); };
  sum_rows(source, {.begin = -box.radius - 1, .end = box.radius}, sums);
  const std::uint32_t weight = box.weight;
  const std::uint32_t end_weight = box.end_weight;
  for (std::int64_t y = 0; y <= last; ++y) {
    const std::uint8_t* before = row(y - box.radius - 1);
    const std::uint8_t* after = row(y + box.radius + 1);
    const std::uint8_t* entering = row(y + box.radius);
    std::uint8_t* to = target.row(y);
    for (std::int64_t i = 0; i < bytes; ++i) {
      const std::uint32_t sum = sums[i] + entering[i] - before[i];
      const std::uint32_t ends = std::uint32_t{before[i]} + after[i];
      sums[i] = sum;
      to[i] = static_cast<std::uint8_t>((sum * weight + ends * end_weight + (1U << 23)) >> 24);
    }
  }
}

}  // namespace

// In Pillow's float32.
BlurBox blur_box(float sigma) {
  const float variance = sigma * sigma / static_cast<float>(kPasses);
  const float ideal = static_cast<float>(std::sqrt(12.0 * variance + 1.0));
  const float l = static_cast<float>(std::floor((ideal - 1.0) / 2.0));
  float a = (2 * l + 1) * (l * (l + 1) - 3 * variance);
  a /= 6 * (variance - (l + 1) * (l + 1));
  const float radius = l + a;
  const auto whole = static_cast<std::int64_t>(radius);
  const auto weight = static_cast<std::uint32_t>((1 << 24) / (radius * 2 + 1));
  const auto full = static_cast<std::uint32_t>(2 * whole + 1);
  return {whole, weight, ((1U << 24) - full * weight) / 2};
}

void gaussian_blur(const ConstImage& source, const Image& target, const BlurBox& box,
                   BlurScratch& scratch) {
  const std::int64_t height = source.height;
  const std::int64_t width = source.width;
  const auto bytes = static_cast<std::size_t>(3 * height * width);
  scratch.a.resize(bytes);
  scratch.b.resize(bytes);
  scratch.sums.resize(static_cast<std::size_t>(3 * std::max(height, width)));
  std::uint32_t* sums = scratch.sums.data();

  // Along the rows as columns of the transposed image, where neighbours in memory are independent.
  const Image turned_a{scratch.a.data(), 3 * height, width, height};
  const Image turned_b{scratch.b.data(), 3 * height, width, height};
  transpose(source, turned_a);
  box_pass(turned_a, turned_b, box, sums);
  box_pass(turned_b, turned_a, box, sums);
  box_pass(turned_a, turned_b, box, sums);

  const Image a{scratch.a.data(), 3 * width, height, width};
  const Image b{scratch.b.data(), 3 * width, height, width};
  transpose(turned_b, a);
  box_pass(a, b, box, sums);
  box_pass(b, a, box, sums);
  box_pass(a, target, box, sums);
}

}  // namespace lightly::transforms::kernels::scalar
