#include "transforms/kernels/resize_weights.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lightly::transforms::kernels {
namespace {

constexpr int kPrecisionBits = 22;

double triangle(double x) {
  return std::max(0.0, 1.0 - std::abs(x));
}

// Keys' cubic with a = -1/2.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) {
    return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  }
  if (x < 2.0) {
    return (((x - 5) * x + 8) * x - 4) * a;
  }
  return 0.0;
}

// The inputs [begin, end) that the filter of one output position covers.
struct Reach {
  std::int64_t begin;
  std::int64_t end;
};

struct Filter {
  explicit Filter(const ResizeAxis& axis)
      : cubic_shape(axis.filter == ResizeFilter::kBicubic),
        in(axis.in),
        scale(static_cast<double>(axis.in) / static_cast<double>(axis.out)),
        widening(std::max(scale, 1.0)),
        support((cubic_shape ? 2.0 : 1.0) * widening) {}

  double centre(std::int64_t i) const { return (static_cast<double>(i) + 0.5) * scale; }

  Reach reach(std::int64_t i) const {
    const auto begin = static_cast<std::int64_t>(centre(i) - support + 0.5);
    const auto end = static_cast<std::int64_t>(centre(i) + support + 0.5);
    return {std::max<std::int64_t>(begin, 0), std::min(end, in)};
  }

  // Pillow multiplies by the reciprocal; a division would round differently.
  double weight(std::int64_t i, std::int64_t input) const {
    const double x = (static_cast<double>(input) - centre(i) + 0.5) * (1.0 / widening);
    return cubic_shape ? cubic(x) : triangle(x);
  }

  bool cubic_shape;
  std::int64_t in;
  double scale;
  double widening;
  double support;
};

std::int32_t fixed_point(double share) {
  return static_cast<std::int32_t>(share * (1 << kPrecisionBits) + (share < 0.0 ? -0.5 : 0.5));
}

void build_words(std::int64_t out, ResizeWeights& table) {
  table.pairs = (table.taps + 1) / 2;
  table.words.assign(static_cast<std::size_t>(2 * out * table.pairs), 0);
  std::int32_t* words = table.words.data();
  for (std::int64_t i = 0; i < out; ++i) {
    const std::int32_t* weights = table.weights.data() + i * table.taps;
    for (std::int64_t k = 0; k < table.taps; k += 2) {
      const std::int32_t a = weights[k];
      const std::int32_t b = k + 1 < table.taps ? weights[k + 1] : 0;
      *words++ = ((a >> 15) & 0xFFFF) | (b >> 15) * (1 << 16);
      *words++ = (a & 0x7FFF) | (b & 0x7FFF) << 16;
    }
  }
}

constexpr std::int64_t kDotPadding = 16;  // so that whole vectors can be loaded

void build_dots(std::int64_t in, std::int64_t out, ResizeWeights& table) {
  ResizeDots& dots = table.dots;
  dots.groups = (table.taps + 3) / 4;
  dots.stride = out + kDotPadding;
  dots.starts.resize(static_cast<std::size_t>(dots.stride));
  dots.digits.assign(static_cast<std::size_t>(3 * dots.groups * dots.stride), 0);
  for (std::int64_t i = 0; i < dots.stride; ++i) {
    const auto x = static_cast<std::size_t>(std::min(i, out - 1));
    dots.starts[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(3 * table.first[x]);
  }
  // The starts of a row that is too long for them are not used.
  constexpr std::int64_t kFar = std::numeric_limits<std::int32_t>::max();
  dots.span = in > kFar / 3 ? kFar : 0;
  for (std::int64_t i = 0; i < out; ++i) {
    const auto x = static_cast<std::size_t>(i);
    const std::int64_t apart = std::abs(dots.starts[x + 5] - dots.starts[x]);
    dots.span = std::max(dots.span, apart + 3 * table.taps);
    for (std::int64_t k = 0; k < table.taps; ++k) {
      std::int32_t rest = table.weights[static_cast<std::size_t>(i * table.taps + k)];
      for (std::int64_t d = 0; d < 3; ++d) {
        const std::int32_t digit = static_cast<std::int8_t>(rest & 255);
        rest = (rest - digit) >> 8;
        dots.digits[static_cast<std::size_t>((3 * (k / 4) + d) * dots.stride + i)] |=
            (digit & 255) << (8 * (k % 4));
      }
    }
  }
}

}  // namespace

void build_weights(const ResizeAxis& axis, ResizeWeights& table) {
  const Filter filter(axis);
  table.taps = 0;
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const Reach reach = filter.reach(i);
    table.taps = std::max(table.taps, reach.end - reach.begin);
  }
  table.first.resize(static_cast<std::size_t>(axis.out));
  table.weights.assign(static_cast<std::size_t>(axis.out * table.taps), 0);
  thread_local std::vector<double> shares;
  shares.resize(static_cast<std::size_t>(table.taps));
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const Reach reach = filter.reach(i);
    double sum = 0.0;
    for (std::int64_t k = reach.begin; k < reach.end; ++k) {
      const double share = filter.weight(i, k);
      shares[static_cast<std::size_t>(k - reach.begin)] = share;
      sum += share;
    }
    const std::int64_t at = axis.mirrored ? axis.out - 1 - i : i;
    const std::int64_t first = std::min(reach.begin, axis.in - table.taps);
    table.first[static_cast<std::size_t>(at)] = first;
    std::int32_t* weights = table.weights.data() + at * table.taps + (reach.begin - first);
    for (std::int64_t k = 0; k < reach.end - reach.begin; ++k) {
      weights[k] = fixed_point(shares[static_cast<std::size_t>(k)] / sum);
    }
  }
  build_words(axis.out, table);
  build_dots(axis.in, axis.out, table);
}

const ResizeWeights& ResizeWeightsCache::get(const ResizeAxis& axis) {
  const auto mixed =
      (static_cast<std::uint64_t>(axis.in) * 31 + static_cast<std::uint64_t>(axis.out) * 17) * 2 +
      (axis.mirrored ? 1 : 0);
  // Large tables in fewer entries.
  const auto steps = static_cast<std::size_t>((axis.out + 63) / 64);
  Entry& entry = entries_[mixed % std::max<std::size_t>(kEntries / steps, 1)];
  if (!(entry.axis == axis)) {
    // When memory runs out half way the tables are of no axis.
    entry.axis = {};
    build_weights(axis, entry.weights);
    entry.axis = axis;
  }
  return entry.weights;
}

}  // namespace lightly::transforms::kernels
