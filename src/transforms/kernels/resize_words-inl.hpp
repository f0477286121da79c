// Included once for each SIMD target, as Highway's own -inl headers are.
#if defined(LIGHTLY_TRANSFORMS_KERNELS_RESIZE_WORDS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef LIGHTLY_TRANSFORMS_KERNELS_RESIZE_WORDS_INL_HPP
#undef LIGHTLY_TRANSFORMS_KERNELS_RESIZE_WORDS_INL_HPP
#else
#define LIGHTLY_TRANSFORMS_KERNELS_RESIZE_WORDS_INL_HPP
#endif

// The passes of a resize by products of pairs of words, for every vector target.

#include <algorithm>
#include <cstdint>

#include "transforms/kernels/resize_weights.hpp"
#include "transforms/kernels/simd-inl.hpp"

#if LIGHTLY_SIMD

HWY_BEFORE_NAMESPACE();
namespace lightly::transforms::kernels::HWY_NAMESPACE {
namespace {

constexpr auto kVector = static_cast<std::int64_t>(kLanes8);
constexpr std::int32_t kHalf = 1 << 21;

// A sum of products with weights in units of 2^-22: their bits from 15 up, and those below.
struct Sum {
  Ints upper;
  Ints lower;

  HWY_INLINE void add(Words values, Words upper_weights, Words lower_weights) {
    upper = hn::Add(upper, multiply_pairs(values, upper_weights));
    lower = hn::Add(lower, multiply_pairs(values, lower_weights));
  }

  HWY_INLINE Ints rounded() const {
    return hn::ShiftRight<22>(hn::Add(hn::ShiftLeft<15>(upper), lower));
  }
};

HWY_INLINE Sum empty_sum() {
  return {hn::Zero(d32), hn::Set(d32, kHalf)};
}

HWY_INLINE Words broadcast(std::int32_t pair) {
  return hn::BitCast(d16, hn::Set(d32, pair));
}

// One output row: a vector of bytes at a time, pairs of rows of the source. kPairs = 0 stands for
// any number.
template <int kPairs>
HWY_INLINE void resize_column_bytes(const std::uint8_t* const* rows, std::int64_t bytes,
                                    std::int64_t any_pairs, const std::int32_t* words,
                                    std::uint8_t* out) {
  const std::int64_t pairs = kPairs > 0 ? kPairs : any_pairs;
  for (std::int64_t i = 0;;) {
    Sum a = empty_sum();
    Sum b = empty_sum();
    Sum c = empty_sum();
    Sum d = empty_sum();
    for (std::int64_t p = 0; p < pairs; ++p) {
      const Words upper = broadcast(words[2 * p]);
      const Words lower = broadcast(words[2 * p + 1]);
      const Bytes even = hn::LoadU(d8, rows[2 * p] + i);
      const Bytes odd = hn::LoadU(d8, rows[2 * p + 1] + i);
      const Bytes low = hn::InterleaveLower(d8, even, odd);
      const Bytes high = hn::InterleaveUpper(d8, even, odd);
      a.add(widen_lower(low), upper, lower);
      b.add(widen_upper(low), upper, lower);
      c.add(widen_lower(high), upper, lower);
      d.add(widen_upper(high), upper, lower);
    }
    hn::StoreU(pack(a.rounded(), b.rounded(), c.rounded(), d.rounded()), d8, out + i);
    if (i + kVector == bytes) {
      return;
    }
    i = std::min(i + kVector, bytes - kVector);  // the last vector may begin inside the one before
  }
}

// 16 bytes of each of as many rows as a vector has blocks.
HWY_INLINE Bytes load_rows(const std::uint8_t* const* rows, std::int64_t offset) {
  const auto block = [&](std::size_t r) HWY_ATTR { return hn::LoadU(d8_block, rows[r] + offset); };
#if HWY_TARGET == HWY_AVX2
  return hn::Combine(d8, block(1), block(0));
#else
  constexpr hn::Half<decltype(d8)> d8_half;
  return hn::Combine(d8, hn::Combine(d8_half, block(3), block(2)),
                     hn::Combine(d8_half, block(1), block(0)));
#endif
}

HWY_INLINE void store_rows(Bytes v, std::uint8_t* const* rows, std::int64_t offset) {
  constexpr hn::Half<decltype(d8)> d8_half;
  const auto low = hn::LowerHalf(d8_half, v);
  const auto high = hn::UpperHalf(d8_half, v);
#if HWY_TARGET == HWY_AVX2
  hn::StoreU(low, d8_block, rows[0] + offset);
  hn::StoreU(high, d8_block, rows[1] + offset);
#else
  hn::StoreU(hn::LowerHalf(d8_block, low), d8_block, rows[0] + offset);
  hn::StoreU(hn::UpperHalf(d8_block, low), d8_block, rows[1] + offset);
  hn::StoreU(hn::LowerHalf(d8_block, high), d8_block, rows[2] + offset);
  hn::StoreU(hn::UpperHalf(d8_block, high), d8_block, rows[3] + offset);
#endif
}

constexpr std::uint8_t kZ = 0x80;
// Of four pixels of a block the first two, the last two, as pairs of words red, green, blue.
HWY_ALIGN constexpr std::uint8_t kFirstPixels[16] = {0, kZ, 3, kZ, 1,  kZ, 4,  kZ,
                                                     2, kZ, 5, kZ, kZ, kZ, kZ, kZ};
HWY_ALIGN constexpr std::uint8_t kLastPixels[16] = {6, kZ, 9,  kZ, 7,  kZ, 10, kZ,
                                                    8, kZ, 11, kZ, kZ, kZ, kZ, kZ};
// Four pixels of four bytes without their fourth bytes.
HWY_ALIGN constexpr std::uint8_t kDense[16] = {0,  1,  2,  4,  5,  6,  8,  9,
                                               10, 12, 13, 14, kZ, kZ, kZ, kZ};

// One pixel of as many rows as a vector has blocks: red, green, blue and 0 in each block.
template <int kPairs>
HWY_INLINE Ints resize_pixel(const std::uint8_t* const* rows, std::int64_t first,
                             std::int64_t any_pairs, const std::int32_t* words) {
  const std::int64_t pairs = kPairs > 0 ? kPairs : any_pairs;
  const Bytes first_pixels = hn::LoadDup128(d8, kFirstPixels);
  const Bytes last_pixels = hn::LoadDup128(d8, kLastPixels);
  Sum sum = empty_sum();
  const auto add = [&](Bytes pixels, Bytes chosen, std::int64_t p) HWY_ATTR {
    sum.add(hn::BitCast(d16, hn::TableLookupBytesOr0(pixels, chosen)), broadcast(words[2 * p]),
            broadcast(words[2 * p + 1]));
  };
  for (std::int64_t p = 0; p < pairs; p += 2) {
    const Bytes pixels = load_rows(rows, 3 * first + 6 * p);
    add(pixels, first_pixels, p);
    if (p + 1 < pairs) {
      add(pixels, last_pixels, p + 1);
    }
  }
  return sum.rounded();
}

// Writes up to 16 bytes behind the last whole four pixels of the rows `out`.
template <int kPairs>
HWY_INLINE void resize_row_pixels(const std::uint8_t* const* in, std::uint8_t* const* out,
                                  std::int64_t width, const ResizeWeights& table) {
  const std::int64_t step = 2 * table.pairs;
  const Bytes dense = hn::LoadDup128(d8, kDense);
  const std::int64_t* first = table.first.data();
  const std::int32_t* words = table.words.data();
  const auto pixel = [&](std::int64_t x) HWY_ATTR {
    return resize_pixel<kPairs>(in, first[x], table.pairs, words + x * step);
  };
  std::int64_t x = 0;
  for (; x + 4 <= width; x += 4) {
    const Bytes pixels = pack(pixel(x), pixel(x + 1), pixel(x + 2), pixel(x + 3));
    store_rows(hn::TableLookupBytesOr0(pixels, dense), out, 3 * x);
  }
  for (; x < width; ++x) {
    const Ints one = pixel(x);
    store_rows(hn::TableLookupBytesOr0(pack(one, one, one, one), dense), out, 3 * x);
  }
}

}  // namespace
}  // namespace lightly::transforms::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LIGHTLY_SIMD
#endif  // include guard
