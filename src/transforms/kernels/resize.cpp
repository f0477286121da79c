#include "transforms/kernels/resize.hpp"

#include <algorithm>
#include <cmath>

#include "transforms/kernels/geometry.hpp"

namespace lightly::transforms::kernels {
namespace {

constexpr int kPrecisionBits = 22;
constexpr std::int32_t kHalf = 1 << (kPrecisionBits - 1);

std::uint8_t rounded(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::min(sum >> kPrecisionBits, 255));
}

// The inputs [begin, end) that the triangle of one output position covers.
struct Reach {
  std::int64_t begin;
  std::int64_t end;
};

struct Triangle {
  explicit Triangle(std::int64_t in_, std::int64_t out)
      : in(in_),
        scale(static_cast<double>(in_) / static_cast<double>(out)),
        support(std::max(scale, 1.0)) {}

  double centre(std::int64_t i) const { return (static_cast<double>(i) + 0.5) * scale; }

  Reach reach(std::int64_t i) const {
    const auto begin = static_cast<std::int64_t>(centre(i) - support + 0.5);
    const auto end = static_cast<std::int64_t>(centre(i) + support + 0.5);
    return {std::max<std::int64_t>(begin, 0), std::min(end, in)};
  }

  // Pillow multiplies by the reciprocal; a division would round differently.
  double weight(std::int64_t i, std::int64_t input) const {
    const double distance = (static_cast<double>(input) - centre(i) + 0.5) * (1.0 / support);
    return std::max(0.0, 1.0 - std::abs(distance));
  }

  std::int64_t in;
  double scale;
  double support;
};

void build_weights(std::int64_t in, std::int64_t out, ResizeWeights& table) {
  const Triangle triangle(in, out);
  table.taps = 0;
  for (std::int64_t i = 0; i < out; ++i) {
    const Reach reach = triangle.reach(i);
    table.taps = std::max(table.taps, reach.end - reach.begin);
  }
  table.first.resize(static_cast<std::size_t>(out));
  table.weights.assign(static_cast<std::size_t>(out * table.taps), 0);
  for (std::int64_t i = 0; i < out; ++i) {
    const Reach reach = triangle.reach(i);
    double sum = 0.0;
    for (std::int64_t k = reach.begin; k < reach.end; ++k) {
      sum += triangle.weight(i, k);
    }
    // At the far border the window moves inwards, with weights 0 in front.
    const std::int64_t first = std::min(reach.begin, in - table.taps);
    table.first[static_cast<std::size_t>(i)] = first;
    std::int32_t* weights = table.weights.data() + i * table.taps - first;
    for (std::int64_t k = reach.begin; k < reach.end; ++k) {
      const double share = triangle.weight(i, k) / sum;
      weights[k] = static_cast<std::int32_t>(share * (1 << kPrecisionBits) + 0.5);
    }
  }
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

void horizontal(const ConstImage& source, const Image& target, const ResizeWeights& table) {
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

void vertical(const ConstImage& source, const Image& target, const ResizeWeights& table) {
  constexpr std::int64_t kBlock = 96;
  const std::int64_t bytes = 3 * target.width;
  std::int32_t sums[kBlock];
  for (std::int64_t y = 0; y < target.height; ++y) {
    const std::int64_t first = table.first[static_cast<std::size_t>(y)];
    const std::int32_t* weights = table.weights.data() + y * table.taps;
    std::uint8_t* out = target.row(y);
    for (std::int64_t begin = 0; begin < bytes; begin += kBlock) {
      const std::int64_t count = std::min(kBlock, bytes - begin);
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

}  // namespace

void resize(const ConstImage& source, const Image& target, ResizePass first,
            ResizeScratch& scratch) {
  const bool wide = source.width != target.width;
  const bool high = source.height != target.height;
  if (wide) {
    build_weights(source.width, target.width, scratch.horizontal);
  }
  if (high) {
    build_weights(source.height, target.height, scratch.vertical);
  }
  if (wide && high) {
    const bool vertical_first = first == ResizePass::kVertical;
    const std::int64_t height = vertical_first ? target.height : source.height;
    const std::int64_t width = vertical_first ? source.width : target.width;
    scratch.between.resize(static_cast<std::size_t>(3 * height * width));
    const Image between{scratch.between.data(), 3 * width, height, width};
    if (vertical_first) {
      vertical(source, between, scratch.vertical);
      horizontal(between, target, scratch.horizontal);
    } else {
      horizontal(source, between, scratch.horizontal);
      vertical(between, target, scratch.vertical);
    }
  } else if (wide) {
    horizontal(source, target, scratch.horizontal);
  } else if (high) {
    vertical(source, target, scratch.vertical);
  } else {
    copy(source, target);
  }
}

}  // namespace lightly::transforms::kernels
