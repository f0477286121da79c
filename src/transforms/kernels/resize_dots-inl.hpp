// Included once for each SIMD target, as Highway's own -inl headers are.
#if defined(LIGHTLY_TRANSFORMS_KERNELS_RESIZE_DOTS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef LIGHTLY_TRANSFORMS_KERNELS_RESIZE_DOTS_INL_HPP
#undef LIGHTLY_TRANSFORMS_KERNELS_RESIZE_DOTS_INL_HPP
#else
#define LIGHTLY_TRANSFORMS_KERNELS_RESIZE_DOTS_INL_HPP
#endif

// The passes of a resize by dot products of four bytes (AVX512_VNNI) and permutations of bytes
// (AVX512_VBMI). A weight is three signed digits of base 256, so that a sum is
// ((digits 2) * 256 + digits 1) * 256 + digits 0. Highway's own target for these instructions also
// lets the compiler use AVX-VNNI, which AMD's Zen 4 has not: this code is part of the AVX3 target
// and chosen by has_byte_dots().

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>

#include "core/kernels/targets.hpp"
#include "transforms/kernels/resize_weights.hpp"

#undef LIGHTLY_BYTE_DOTS
#if HWY_ARCH_X86 && HWY_TARGET == HWY_AVX3
#define LIGHTLY_BYTE_DOTS 1
#else
#define LIGHTLY_BYTE_DOTS 0
#endif

#if LIGHTLY_BYTE_DOTS

HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR_AVX3 ",avx512vbmi,avx512vnni")
static_assert(true);
namespace lightly::transforms::kernels::HWY_NAMESPACE {
namespace {

constexpr std::int64_t kDotLanes = 16;
constexpr std::int64_t kDotRows = 4;  // that are resized side by side
constexpr std::int64_t kMostDotGroups = 3;

// Which pixel of its vector a lane shows, and where in the four pixels that a lane multiplies its
// channel is. A vector begins with the channel that its number has as remainder by 3.
struct DotPattern {
  HWY_ALIGN std::int32_t pixels[16];
  HWY_ALIGN std::uint8_t bytes[64];
};

constexpr DotPattern dot_pattern(int phase) {
  DotPattern made{};
  for (int lane = 0; lane < 16; ++lane) {
    made.pixels[lane] = (lane + phase) / 3;
    for (int k = 0; k < 4; ++k) {
      made.bytes[4 * lane + k] = static_cast<std::uint8_t>((lane + phase) % 3 + 3 * k);
    }
  }
  return made;
}

constexpr DotPattern kDotPatterns[3] = {dot_pattern(0), dot_pattern(1), dot_pattern(2)};

// The sums of 16 outputs over the groups, in units of the result.
template <int kGroups>
HWY_INLINE __m512i rounded_dots(const __m512i* bytes, const __m512i (*weights)[3]) {
  __m512i sum = _mm512_set1_epi32(32);  // half a unit, 2^21, in the sum of the highest digits
  for (int d = 2; d >= 0; --d) {
    for (int g = 0; g < kGroups; ++g) {
      sum = _mm512_dpbusd_epi32(sum, bytes[g], weights[g][d]);
    }
    if (d > 0) {
      sum = _mm512_slli_epi32(sum, 8);
    }
  }
  return _mm512_srai_epi32(sum, 22);
}

// To bytes, those below 0 or above 255 set to the bound; four of each vector in each block.
HWY_INLINE __m512i pack_dots(__m512i a, __m512i b, __m512i c, __m512i d) {
  return _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
}

HWY_INLINE void store_block(std::uint8_t* to, __m128i block) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block);
}

// 16 bytes of kDotRows rows at a time. Writes up to 15 bytes behind the end of the rows `out`.
template <int kGroups, bool kWide>
void resize_rows_by_dots(const std::uint8_t* const* in, std::uint8_t* const* out,
                         std::int64_t width, const ResizeDots& table) {
  HWY_ALIGN constexpr std::uint8_t kFirstByte[64] = {
      0,  0,  0,  0,  4, 4, 4,  4,  8,  8,  8, 8, 12, 12, 12, 12, 0,  0,  0,  0, 4, 4,
      4,  4,  8,  8,  8, 8, 12, 12, 12, 12, 0, 0, 0,  0,  4,  4,  4,  4,  8,  8, 8, 8,
      12, 12, 12, 12, 0, 0, 0,  0,  4,  4,  4, 4, 8,  8,  8,  8,  12, 12, 12, 12};
  HWY_ALIGN constexpr std::int32_t kEveryFourth[16] = {0, 4, 8,  12, 1, 5, 9,  13,
                                                       2, 6, 10, 14, 3, 7, 11, 15};
  const __m512i first_byte = _mm512_load_si512(kFirstByte);
  const std::int64_t vectors = (3 * width + kDotLanes - 1) / kDotLanes;
  for (std::int64_t v = 0; v < vectors; ++v) {
    const DotPattern& pattern = kDotPatterns[v % 3];
    const std::int64_t x = v * kDotLanes / 3;
    const std::int32_t* starts = table.starts.data() + x;
    const std::int32_t start = std::min(starts[0], starts[5]);
    const __m512i lanes = _mm512_load_si512(pattern.pixels);
    const __m512i places = _mm512_sub_epi32(
        _mm512_permutexvar_epi32(lanes, _mm512_loadu_si512(starts)), _mm512_set1_epi32(start));
    __m512i chosen[kGroups];
    __m512i weights[kGroups][3];
    chosen[0] =
        _mm512_add_epi8(_mm512_shuffle_epi8(places, first_byte), _mm512_load_si512(pattern.bytes));
    for (int g = 0; g < kGroups; ++g) {
      if (g > 0) {
        chosen[g] = _mm512_add_epi8(chosen[g - 1], _mm512_set1_epi8(12));
      }
      for (int d = 0; d < 3; ++d) {
        weights[g][d] = _mm512_permutexvar_epi32(
            lanes, _mm512_loadu_si512(table.digits.data() + (3 * g + d) * table.stride + x));
      }
    }
    __m512i rounded[kDotRows];
    for (std::int64_t r = 0; r < kDotRows; ++r) {
      const std::uint8_t* from = in[r] + start;
      const __m512i near = _mm512_loadu_si512(from);
      __m512i bytes[kGroups];
      for (int g = 0; g < kGroups; ++g) {
        if constexpr (kWide) {
          bytes[g] = _mm512_permutex2var_epi8(near, chosen[g], _mm512_loadu_si512(from + 64));
        } else {
          bytes[g] = _mm512_permutexvar_epi8(chosen[g], near);
        }
      }
      rounded[r] = rounded_dots<kGroups>(bytes, weights);
    }
    // Of each row four bytes in each block; then a block each.
    const __m512i mixed = pack_dots(rounded[0], rounded[1], rounded[2], rounded[3]);
    const __m512i sorted = _mm512_permutexvar_epi32(_mm512_load_si512(kEveryFourth), mixed);
    const std::int64_t to = v * kDotLanes;
    store_block(out[0] + to, _mm512_castsi512_si128(sorted));
    store_block(out[1] + to, _mm512_extracti32x4_epi32(sorted, 1));
    store_block(out[2] + to, _mm512_extracti32x4_epi32(sorted, 2));
    store_block(out[3] + to, _mm512_extracti32x4_epi32(sorted, 3));
  }
}

// Whether resize_rows_by_dots takes such a table, and how many bytes of a row it then loads at
// once.
inline std::int64_t bytes_of_dots(const ResizeDots& table) {
  return table.groups > kMostDotGroups ? 0 : table.span <= 64 ? 64 : table.span <= 128 ? 128 : 0;
}

inline void resize_rows_by_dots(const std::uint8_t* const* in, std::uint8_t* const* out,
                                std::int64_t width, const ResizeDots& table) {
  const bool wide = table.span > 64;
  switch (table.groups) {
    case 1:
      return wide ? resize_rows_by_dots<1, true>(in, out, width, table)
                  : resize_rows_by_dots<1, false>(in, out, width, table);
    case 2:
      return wide ? resize_rows_by_dots<2, true>(in, out, width, table)
                  : resize_rows_by_dots<2, false>(in, out, width, table);
    default:
      return wide ? resize_rows_by_dots<3, true>(in, out, width, table)
                  : resize_rows_by_dots<3, false>(in, out, width, table);
  }
}

// One output row of at least 64 bytes from four rows a group; `digits` are those of the row.
template <int kGroups>
void resize_column_by_dots(const std::uint8_t* const* rows, std::int64_t bytes,
                           const std::int32_t* digits, std::int64_t stride, std::uint8_t* out) {
  __m512i weights[kGroups][3];
  for (int g = 0; g < kGroups; ++g) {
    for (int d = 0; d < 3; ++d) {
      weights[g][d] = _mm512_set1_epi32(digits[(3 * g + d) * stride]);
    }
  }
  for (std::int64_t i = 0;;) {
    __m512i bytes_of_rows[4][kGroups];
    for (int g = 0; g < kGroups; ++g) {
      const __m512i row0 = _mm512_loadu_si512(rows[4 * g] + i);
      const __m512i row1 = _mm512_loadu_si512(rows[4 * g + 1] + i);
      const __m512i row2 = _mm512_loadu_si512(rows[4 * g + 2] + i);
      const __m512i row3 = _mm512_loadu_si512(rows[4 * g + 3] + i);
      const __m512i low01 = _mm512_unpacklo_epi8(row0, row1);
      const __m512i high01 = _mm512_unpackhi_epi8(row0, row1);
      const __m512i low23 = _mm512_unpacklo_epi8(row2, row3);
      const __m512i high23 = _mm512_unpackhi_epi8(row2, row3);
      bytes_of_rows[0][g] = _mm512_unpacklo_epi16(low01, low23);
      bytes_of_rows[1][g] = _mm512_unpackhi_epi16(low01, low23);
      bytes_of_rows[2][g] = _mm512_unpacklo_epi16(high01, high23);
      bytes_of_rows[3][g] = _mm512_unpackhi_epi16(high01, high23);
    }
    _mm512_storeu_si512(out + i, pack_dots(rounded_dots<kGroups>(bytes_of_rows[0], weights),
                                           rounded_dots<kGroups>(bytes_of_rows[1], weights),
                                           rounded_dots<kGroups>(bytes_of_rows[2], weights),
                                           rounded_dots<kGroups>(bytes_of_rows[3], weights)));
    if (i + 64 == bytes) {
      return;
    }
    i = std::min(i + 64, bytes - 64);  // the last vector may begin inside the one before
  }
}

// At most kMostDotGroups groups.
inline void resize_column_by_dots(const std::uint8_t* const* rows, std::int64_t bytes,
                                  std::int64_t y, const ResizeDots& table, std::uint8_t* out) {
  const std::int32_t* digits = table.digits.data() + y;
  switch (table.groups) {
    case 1:
      return resize_column_by_dots<1>(rows, bytes, digits, table.stride, out);
    case 2:
      return resize_column_by_dots<2>(rows, bytes, digits, table.stride, out);
    default:
      return resize_column_by_dots<3>(rows, bytes, digits, table.stride, out);
  }
}

}  // namespace
}  // namespace lightly::transforms::kernels::HWY_NAMESPACE
HWY_POP_ATTRIBUTES
static_assert(true);

#endif  // LIGHTLY_BYTE_DOTS
#endif  // include guard
