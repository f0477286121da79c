#include "transforms/kernels/blur.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "transforms/kernels/blur.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "transforms/kernels/simd-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lightly::transforms::kernels::HWY_NAMESPACE {
namespace {

#if LIGHTLY_SIMD

constexpr std::int64_t kWords = HWY_MAX_BYTES / 2;
// Up to here the sum of a box fits a signed word.
constexpr std::int64_t kLargestRadius = 63;
constexpr hn::Rebind<std::uint8_t, decltype(d16)> d8_half;

// A box filter: of pixel(k), the vector of the words at distance k, for -radius - 1 <= k <= radius
// + 1. kRadius < 0 stands for any radius up to kLargestRadius.
template <int kRadius>
class BoxFilter {
 public:
  // Weights of the full pixels and of the two at the ends, in halves of 10 and more bits: 8 bits
  // would leave too much for a signed word.
  explicit BoxFilter(const scalar::BlurBox& box)
      : radius_(box.radius),
        upper_(set_pairs(static_cast<std::int32_t>(box.weight >> 10),
                         static_cast<std::int32_t>(box.end_weight >> 10))),
        lower_(set_pairs(static_cast<std::int32_t>(box.weight & 1023),
                         static_cast<std::int32_t>(box.end_weight & 1023))) {}

  std::int64_t radius() const { return kRadius >= 0 ? kRadius : radius_; }

  template <typename Pixel>
  HWY_INLINE Words operator()(const Pixel& pixel) const {
    Words sum = pixel(0);
    for (std::int64_t k = 1; k <= radius(); ++k) {
      sum = hn::Add(sum, hn::Add(pixel(-k), pixel(k)));
    }
    const Words ends = hn::Add(pixel(-radius() - 1), pixel(radius() + 1));
    return pack(weigh(hn::InterleaveLower(d16, sum, ends)),
                weigh(hn::InterleaveUpper(d16, sum, ends)));
  }

 private:
  HWY_INLINE Ints weigh(Words sums_and_ends) const {
    const Ints upper = hn::ShiftLeft<10>(multiply_pairs(sums_and_ends, upper_));
    const Ints lower = multiply_pairs(sums_and_ends, lower_);
    const Ints sum = hn::Add(hn::Add(upper, lower), hn::Set(d32, 1 << 23));
    return hn::BitCast(d32, hn::ShiftRight<24>(hn::BitCast(du32, sum)));  // may pass 2^31
  }

  std::int64_t radius_;
  Words upper_;
  Words lower_;
};

// The box of radius 0 in words only: x + floor((end_weight * e + 2^23) / 2^24) with e = the ends -
// 2 x.
class SmallBoxFilter {
 public:
  // Whether that equals the box: its weights may add up to 2^24 - 1, which takes x * 2^-24 away.
  static bool equals(const scalar::BlurBox& box) {
    if (box.weight + 2 * box.end_weight == 1U << 24) {
      return true;
    }
    bool far = true;
    for (std::int32_t e = -510; e <= 510; ++e) {
      const std::uint32_t sum = static_cast<std::uint32_t>(e) * box.end_weight + (1U << 23);
      far &= (sum & 0xFFFFFFU) >= 255;
    }
    return far;
  }

  explicit SmallBoxFilter(const scalar::BlurBox& box)
      : upper_(hn::Set(d16, static_cast<std::int16_t>(box.end_weight >> 8))),
        lower_(hn::Set(d16, static_cast<std::int16_t>((box.end_weight & 255) << 2))) {}

  static constexpr std::int64_t radius() { return 0; }

  template <typename Pixel>
  HWY_INLINE Words operator()(const Pixel& pixel) const {
    const Words x = pixel(0);
    const Words e = hn::Sub(hn::Add(pixel(-1), pixel(1)), hn::Add(x, x));
    // e * end_weight / 2^8 = e * upper + floor(e * lower / 2^8), in two words.
    const auto low = hn::BitCast(du16, hn::Mul(e, upper_));
    const Words rest = hn::MulHigh(hn::ShiftLeft<6>(e), lower_);
    const auto half = hn::BitCast(du16, hn::Add(rest, hn::Set(d16, 0x7FFF)));
    const auto carry = hn::ShiftRight<15>(hn::AverageRound(low, half));
    return hn::Add(hn::Add(x, hn::MulHigh(e, upper_)), hn::BitCast(d16, carry));
  }

 private:
  Words upper_;
  Words lower_;
};

// Rows of words with room for the repeated borders, and the last few of the rows of each pass.
class Rows {
 public:
  Rows(const ConstImage& size, std::int64_t radius, std::vector<std::uint16_t>& memory)
      : reach_(radius + 1),
        values_(3 * size.width),
        margin_(round_up(3 * reach_)),
        stride_(margin_ + round_up(values_) + margin_),
        window_(std::min(2 * reach_ + 1, size.height)) {
    memory.resize(static_cast<std::size_t>(stride_ * (2 + 3 * window_) + kWords));
    data_ = memory.data();
  }

  std::int64_t values() const { return values_; }
  std::uint16_t* line(std::int64_t i) const { return data_ + i * stride_ + margin_; }
  // Row y of what the vertical pass `pass` in [0, 3) reads.
  std::uint16_t* row(std::int64_t pass, std::int64_t y) const {
    return line(2 + pass * window_ + y % window_);
  }

  // Repeats the first and the last pixel of a line outwards.
  void extend(std::uint16_t* line) const {
    for (std::int64_t k = 1; k <= 3 * reach_; ++k) {
      const std::int64_t channel = (3 * reach_ - k) % 3;
      line[-k] = line[channel];
      line[values_ + k - 1] = line[values_ - 3 + (k - 1) % 3];
    }
  }

 private:
  static std::int64_t round_up(std::int64_t n) { return (n + kWords - 1) / kWords * kWords; }

  std::int64_t reach_;
  std::int64_t values_;
  std::int64_t margin_;
  std::int64_t stride_;
  std::int64_t window_;
  std::uint16_t* data_;
};

HWY_INLINE Words load_words(const std::uint16_t* from) {
  return hn::BitCast(d16, hn::LoadU(du16, from));
}

// The three passes along a row; whole vectors, so that what follows a line may be overwritten.
template <typename Filter>
void blur_row(const std::uint8_t* from, const Rows& rows, const Filter& filter, std::uint16_t* to) {
  std::uint16_t* line = rows.line(0);
  std::uint16_t* next = rows.line(1);
  std::int64_t i = 0;
  for (; i + kWords <= rows.values(); i += kWords) {
    hn::StoreU(hn::PromoteTo(du16, hn::LoadU(d8_half, from + i)), du16, line + i);
  }
  for (; i < rows.values(); ++i) {
    line[i] = from[i];
  }
  const auto pass = [&](std::uint16_t* in, std::uint16_t* out) {
    rows.extend(in);
    for (std::int64_t x = 0; x < rows.values(); x += kWords) {
      const auto pixel = [&](std::int64_t k) HWY_ATTR { return load_words(in + x + 3 * k); };
      hn::StoreU(hn::BitCast(du16, filter(pixel)), du16, out + x);
    }
  };
  pass(line, next);
  pass(next, line);
  pass(line, to);
}

void store_row(const std::uint16_t* from, std::int64_t values, std::uint8_t* to) {
  std::int64_t i = 0;
  for (; i + kWords <= values; i += kWords) {
    hn::StoreU(hn::DemoteTo(d8_half, load_words(from + i)), d8_half, to + i);
  }
  for (; i < values; ++i) {
    to[i] = static_cast<std::uint8_t>(from[i]);
  }
}

// A row goes through the three passes along it, then waits in a window of rows for those along the
// columns; a row of the target is written when the source's below it have been read.
template <typename Filter>
void blur_image(const ConstImage& source, const Image& target, const Filter& filter,
                std::vector<std::uint16_t>& memory) {
  const std::int64_t reach = filter.radius() + 1;
  const std::int64_t last = source.height - 1;
  const Rows rows(source, filter.radius(), memory);
  const std::uint16_t* window[2 * (kLargestRadius + 1) + 1];
  const auto column_pass = [&](std::int64_t pass, std::int64_t y, std::uint16_t* out) {
    for (std::int64_t k = -reach; k <= reach; ++k) {
      window[k + reach] = rows.row(pass, std::clamp<std::int64_t>(y + k, 0, last));
    }
    for (std::int64_t x = 0; x < rows.values(); x += kWords) {
      const auto pixel = [&](std::int64_t k) HWY_ATTR { return load_words(window[k + reach] + x); };
      hn::StoreU(hn::BitCast(du16, filter(pixel)), du16, out + x);
    }
  };
  for (std::int64_t t = 0; t <= last + 3 * reach; ++t) {
    if (t <= last) {
      blur_row(source.row(t), rows, filter, rows.row(0, t));
    }
    for (std::int64_t pass = 0; pass < 3; ++pass) {
      const std::int64_t y = t - (pass + 1) * reach;
      if (y < 0 || y > last) {
        continue;
      }
      std::uint16_t* out = pass < 2 ? rows.row(pass + 1, y) : rows.line(0);
      column_pass(pass, y, out);
      if (pass == 2) {
        store_row(out, rows.values(), target.row(y));
      }
    }
  }
}

void Blur(const ConstImage& source, const Image& target, float sigma, BlurScratch& scratch) {
  const scalar::BlurBox box = scalar::blur_box(sigma);
  if (box.radius == 0 && SmallBoxFilter::equals(box)) {
    blur_image(source, target, SmallBoxFilter(box), scratch.rows);
  } else if (box.radius == 0) {
    blur_image(source, target, BoxFilter<0>(box), scratch.rows);
  } else if (box.radius == 1) {
    blur_image(source, target, BoxFilter<1>(box), scratch.rows);
  } else if (box.radius <= kLargestRadius) {
    blur_image(source, target, BoxFilter<-1>(box), scratch.rows);
  } else {
    scalar::gaussian_blur(source, target, box, scratch.scalar);
  }
}

#else

void Blur(const ConstImage& source, const Image& target, float sigma, BlurScratch& scratch) {
  scalar::gaussian_blur(source, target, scalar::blur_box(sigma), scratch.scalar);
}

#endif  // LIGHTLY_SIMD

}  // namespace
}  // namespace lightly::transforms::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lightly::transforms::kernels {
namespace {

HWY_EXPORT(Blur);

}  // namespace

void gaussian_blur(const ConstImage& source, const Image& target, float sigma,
                   BlurScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(Blur)(source, target, sigma, scratch);
}

}  // namespace lightly::transforms::kernels

#endif  // HWY_ONCE
