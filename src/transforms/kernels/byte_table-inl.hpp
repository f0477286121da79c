// Included once for each SIMD target, as Highway's own -inl headers are.
#if defined(LIGHTLY_TRANSFORMS_KERNELS_BYTE_TABLE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef LIGHTLY_TRANSFORMS_KERNELS_BYTE_TABLE_INL_HPP
#undef LIGHTLY_TRANSFORMS_KERNELS_BYTE_TABLE_INL_HPP
#else
#define LIGHTLY_TRANSFORMS_KERNELS_BYTE_TABLE_INL_HPP
#endif

// A table of 256 bytes in registers (AVX512_VBMI). Why that is no target of its own: see
// resize_dots-inl.hpp.

#include <cstdint>

#include <hwy/highway.h>

#include "core/kernels/targets.hpp"

#undef LIGHTLY_BYTE_TABLES
#if HWY_ARCH_X86 && HWY_TARGET == HWY_AVX3
#define LIGHTLY_BYTE_TABLES 1
#else
#define LIGHTLY_BYTE_TABLES 0
#endif

#if LIGHTLY_BYTE_TABLES

HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR_AVX3 ",avx512vbmi")
static_assert(true);
namespace lightly::transforms::kernels::HWY_NAMESPACE {
namespace {

// What each byte becomes.
struct ByteTable {
  HWY_ALIGN std::uint8_t values[256];
};

// A whole number of vectors of bytes.
inline void look_up(const ByteTable& table, std::int64_t bytes, std::uint8_t* data) {
  const __m512i first = _mm512_load_si512(table.values);
  const __m512i second = _mm512_load_si512(table.values + 64);
  const __m512i third = _mm512_load_si512(table.values + 128);
  const __m512i fourth = _mm512_load_si512(table.values + 192);
  for (std::int64_t i = 0; i < bytes; i += 64) {
    const __m512i v = _mm512_load_si512(data + i);
    const __m512i lower = _mm512_permutex2var_epi8(first, v, second);
    const __m512i upper = _mm512_permutex2var_epi8(third, v, fourth);
    _mm512_store_si512(data + i, _mm512_mask_blend_epi8(_mm512_movepi8_mask(v), lower, upper));
  }
}

}  // namespace
}  // namespace lightly::transforms::kernels::HWY_NAMESPACE
HWY_POP_ATTRIBUTES
static_assert(true);

#endif  // LIGHTLY_BYTE_TABLES
#endif  // include guard
