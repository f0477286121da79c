// Included once for each SIMD target, as Highway's own -inl headers are.
#if defined(LIGHTLY_TRANSFORMS_KERNELS_SIMD_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef LIGHTLY_TRANSFORMS_KERNELS_SIMD_INL_HPP
#undef LIGHTLY_TRANSFORMS_KERNELS_SIMD_INL_HPP
#else
#define LIGHTLY_TRANSFORMS_KERNELS_SIMD_INL_HPP
#endif

#include <cstdint>

#include <hwy/highway.h>

#undef LIGHTLY_SIMD
// The vector code is for x86 with AVX2 or AVX-512; every other target calls the scalar kernels.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
#define LIGHTLY_SIMD 1
#else
#define LIGHTLY_SIMD 0
#endif

#if LIGHTLY_SIMD

HWY_BEFORE_NAMESPACE();
namespace lightly::transforms::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Full vectors. "Halves" and "quarters" below are in the order of the 128-bit blocks' unpack
// instructions: pack() of what widen() gave restores the order of the bytes.
constexpr hn::ScalableTag<std::uint8_t> d8;
constexpr hn::ScalableTag<std::int16_t> d16;
constexpr hn::ScalableTag<std::uint16_t> du16;
constexpr hn::ScalableTag<std::int32_t> d32;
constexpr hn::ScalableTag<std::uint32_t> du32;
constexpr hn::ScalableTag<float> df;
constexpr hn::FixedTag<std::uint8_t, 16> d8_block;

using Bytes = hn::Vec<decltype(d8)>;
using Words = hn::Vec<decltype(d16)>;
using Ints = hn::Vec<decltype(d32)>;
using Floats = hn::Vec<decltype(df)>;

constexpr std::size_t kLanes8 = HWY_MAX_BYTES;
constexpr std::size_t kBlocks = HWY_MAX_BYTES / 16;

// Sums of products of neighbouring words.
HWY_INLINE Ints multiply_pairs(Words a, Words b) {
#if HWY_TARGET == HWY_AVX2
  return Ints{_mm256_madd_epi16(a.raw, b.raw)};
#else
  return Ints{_mm512_madd_epi16(a.raw, b.raw)};
#endif
}

// Words to bytes, those below 0 or above 255 set to the bound.
HWY_INLINE Bytes pack(Words low, Words high) {
#if HWY_TARGET == HWY_AVX2
  return Bytes{_mm256_packus_epi16(low.raw, high.raw)};
#else
  return Bytes{_mm512_packus_epi16(low.raw, high.raw)};
#endif
}

HWY_INLINE Words pack(Ints low, Ints high) {
  return hn::ReorderDemote2To(d16, low, high);
}

HWY_INLINE Bytes pack(Ints a, Ints b, Ints c, Ints d) {
  return pack(pack(a, b), pack(c, d));
}

HWY_INLINE Words widen_lower(Bytes v) {
  return hn::BitCast(d16, hn::InterleaveLower(d8, v, hn::Zero(d8)));
}

HWY_INLINE Words widen_upper(Bytes v) {
  return hn::BitCast(d16, hn::InterleaveUpper(d8, v, hn::Zero(d8)));
}

// Words that are not negative.
HWY_INLINE Ints widen_lower(Words v) {
  return hn::BitCast(d32, hn::InterleaveLower(d16, v, hn::Zero(d16)));
}

HWY_INLINE Ints widen_upper(Words v) {
  return hn::BitCast(d32, hn::InterleaveUpper(d16, v, hn::Zero(d16)));
}

// The same two words in every 32 bits, as multiply_pairs takes them.
HWY_INLINE Words set_pairs(std::int32_t low, std::int32_t high) {
  return hn::BitCast(d16, hn::Set(d32, (low & 0xFFFF) | (high << 16)));
}

// x / divisor by the reciprocal and one correction: correctly rounded for the values for which this
// was tried.
HWY_INLINE Floats divide(Floats x, Floats divisor, Floats reciprocal) {
  const Floats estimate = hn::Mul(x, reciprocal);
  return hn::MulAdd(hn::NegMulAdd(estimate, divisor, x), reciprocal, estimate);
}

}  // namespace
}  // namespace lightly::transforms::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LIGHTLY_SIMD
#endif  // include guard
