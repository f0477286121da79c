// Included once for each SIMD target, as Highway's own -inl headers are.
#if defined(LIGHTLY_TRANSFORMS_KERNELS_PLANES_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef LIGHTLY_TRANSFORMS_KERNELS_PLANES_INL_HPP
#undef LIGHTLY_TRANSFORMS_KERNELS_PLANES_INL_HPP
#else
#define LIGHTLY_TRANSFORMS_KERNELS_PLANES_INL_HPP
#endif

#include <cstdint>
#include <cstring>

#include "transforms/kernels/simd-inl.hpp"

#if LIGHTLY_SIMD

HWY_BEFORE_NAMESPACE();
namespace lightly::transforms::kernels::HWY_NAMESPACE {
namespace {

constexpr std::int64_t kLanes = kLanes8;
constexpr std::int64_t kPlane = 256;  // pixels that stay in the first cache
static_assert(kPlane % kLanes == 0);

// A block of pixels, one plane a channel.
struct Planes {
  HWY_ALIGN std::uint8_t r[kPlane];
  HWY_ALIGN std::uint8_t g[kPlane];
  HWY_ALIGN std::uint8_t b[kPlane];
};

struct Rgb {
  Bytes r;
  Bytes g;
  Bytes b;
};

HWY_INLINE Rgb load(const Planes& planes, std::int64_t i) {
  return {hn::Load(d8, planes.r + i), hn::Load(d8, planes.g + i), hn::Load(d8, planes.b + i)};
}

HWY_INLINE void store(const Rgb& rgb, Planes& planes, std::int64_t i) {
  hn::Store(rgb.r, d8, planes.r + i);
  hn::Store(rgb.g, d8, planes.g + i);
  hn::Store(rgb.b, d8, planes.b + i);
}

HWY_INLINE Rgb load_interleaved(const std::uint8_t* from) {
  Rgb rgb{hn::Zero(d8), hn::Zero(d8), hn::Zero(d8)};
  hn::LoadInterleaved3(d8, from, rgb.r, rgb.g, rgb.b);
  return rgb;
}

// The planes are filled up to a whole number of vectors.
void split(const std::uint8_t* from, std::int64_t pixels, Planes& planes) {
  std::int64_t i = 0;
  for (; i + kLanes <= pixels; i += kLanes) {
    store(load_interleaved(from + 3 * i), planes, i);
  }
  if (i < pixels) {
    HWY_ALIGN std::uint8_t rest[3 * kLanes] = {};
    std::memcpy(rest, from + 3 * i, static_cast<std::size_t>(3 * (pixels - i)));
    store(load_interleaved(rest), planes, i);
  }
}

void merge(const Planes& planes, std::int64_t pixels, std::uint8_t* to) {
  std::int64_t i = 0;
  for (; i + kLanes <= pixels; i += kLanes) {
    const Rgb rgb = load(planes, i);
    hn::StoreInterleaved3(rgb.r, rgb.g, rgb.b, d8, to + 3 * i);
  }
  if (i < pixels) {
    HWY_ALIGN std::uint8_t rest[3 * kLanes];
    const Rgb rgb = load(planes, i);
    hn::StoreInterleaved3(rgb.r, rgb.g, rgb.b, d8, rest);
    std::memcpy(to + 3 * i, rest, static_cast<std::size_t>(3 * (pixels - i)));
  }
}

// The green weight 38470 does not fit a word: its halves go with red and with blue.
HWY_INLINE Bytes luma(const Rgb& rgb) {
  const Words red_green = set_pairs(19595, 19235);
  const Words blue_green = set_pairs(7471, 19235);
  const auto weigh = [&](Words rg, Words bg) HWY_ATTR {
    const Ints sum = hn::Add(multiply_pairs(rg, red_green), multiply_pairs(bg, blue_green));
    return hn::ShiftRight<16>(hn::Add(sum, hn::Set(d32, 0x8000)));
  };
  const Bytes rg_low = hn::InterleaveLower(d8, rgb.r, rgb.g);
  const Bytes rg_high = hn::InterleaveUpper(d8, rgb.r, rgb.g);
  const Bytes bg_low = hn::InterleaveLower(d8, rgb.b, rgb.g);
  const Bytes bg_high = hn::InterleaveUpper(d8, rgb.b, rgb.g);
  return pack(weigh(widen_lower(rg_low), widen_lower(bg_low)),
              weigh(widen_upper(rg_low), widen_upper(bg_low)),
              weigh(widen_lower(rg_high), widen_lower(bg_high)),
              weigh(widen_upper(rg_high), widen_upper(bg_high)));
}

}  // namespace
}  // namespace lightly::transforms::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LIGHTLY_SIMD
#endif  // include guard
