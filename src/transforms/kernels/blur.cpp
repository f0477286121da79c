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

// The weights of the pixels of a box and of the two at its ends, in halves of 10 and more bits:
// 8 bits would leave too much for a signed word.
struct Weights {
  explicit Weights(const scalar::BlurBox& box)
      : upper(set_pairs(static_cast<std::int32_t>(box.weight >> 10),
                        static_cast<std::int32_t>(box.end_weight >> 10))),
        lower(set_pairs(static_cast<std::int32_t>(box.weight & 1023),
                        static_cast<std::int32_t>(box.end_weight & 1023))) {}

  Words upper;
  Words lower;
};

HWY_INLINE Ints weigh(Words sums_and_ends, const Weights& weights) {
  const Ints upper = hn::ShiftLeft<10>(multiply_pairs(sums_and_ends, weights.upper));
  const Ints lower = multiply_pairs(sums_and_ends, weights.lower);
  const Ints sum = hn::Add(hn::Add(upper, lower), hn::Set(d32, 1 << 23));
  return hn::BitCast(d32, hn::ShiftRight<24>(hn::BitCast(du32, sum)));  // may pass 2^31
}

// One box filter: pixel(k) is the vector of the words at distance k, -radius - 1 <= k <= radius
// + 1.
template <int kRadius, typename Pixel>
HWY_INLINE Words filter(const Pixel& pixel, std::int64_t any_radius, const Weights& weights) {
  const std::int64_t radius = kRadius >= 0 ? kRadius : any_radius;
  Words sum = pixel(0);
  for (std::int64_t k = 1; k <= radius; ++k) {
    sum = hn::Add(sum, hn::Add(pixel(-k), pixel(k)));
  }
  const Words ends = hn::Add(pixel(-radius - 1), pixel(radius + 1));
  return pack(weigh(hn::InterleaveLower(d16, sum, ends), weights),
              weigh(hn::InterleaveUpper(d16, sum, ends), weights));
}

// Rows of words with room for the repeated borders, and the last few of the rows of each pass.
class Rows {
 public:
  Rows(std::int64_t width, std::int64_t radius, std::vector<std::uint16_t>& memory)
      : reach_(radius + 1),
        values_(3 * width),
        margin_(round_up(3 * reach_)),
        stride_(margin_ + round_up(values_) + margin_),
        window_(2 * reach_ + 1) {
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
template <int kRadius>
void blur_row(const std::uint8_t* from, const Rows& rows, std::int64_t radius,
              const Weights& weights, std::uint16_t* to) {
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
      hn::StoreU(hn::BitCast(du16, filter<kRadius>(pixel, radius, weights)), du16, out + x);
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
template <int kRadius>
void blur_image(const ConstImage& source, const Image& target, const scalar::BlurBox& box,
                std::vector<std::uint16_t>& memory) {
  const std::int64_t radius = kRadius >= 0 ? kRadius : box.radius;
  const std::int64_t reach = radius + 1;
  const std::int64_t last = source.height - 1;
  const Rows rows(source.width, radius, memory);
  const Weights weights(box);
  std::vector<const std::uint16_t*> any_window;
  const std::uint16_t* small_window[2 * (std::max(kRadius, 0) + 1) + 1];
  const std::uint16_t** window = small_window;
  if constexpr (kRadius < 0) {
    any_window.resize(static_cast<std::size_t>(2 * reach + 1));
    window = any_window.data();
  }
  const auto column_pass = [&](std::int64_t pass, std::int64_t y, std::uint16_t* out) {
    for (std::int64_t k = -reach; k <= reach; ++k) {
      window[k + reach] = rows.row(pass, std::clamp<std::int64_t>(y + k, 0, last));
    }
    for (std::int64_t x = 0; x < rows.values(); x += kWords) {
      const auto pixel = [&](std::int64_t k) HWY_ATTR { return load_words(window[k + reach] + x); };
      hn::StoreU(hn::BitCast(du16, filter<kRadius>(pixel, radius, weights)), du16, out + x);
    }
  };
  for (std::int64_t t = 0; t <= last + 3 * reach; ++t) {
    if (t <= last) {
      blur_row<kRadius>(source.row(t), rows, radius, weights, rows.row(0, t));
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
  if (box.radius == 0) {
    blur_image<0>(source, target, box, scratch.rows);
  } else if (box.radius == 1) {
    blur_image<1>(source, target, box, scratch.rows);
  } else if (box.radius <= kLargestRadius) {
    blur_image<-1>(source, target, box, scratch.rows);
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
