// Included once for each SIMD target, as Highway's own -inl headers are.
#if defined(LIGHTLY_TRANSFORMS_KERNELS_BLEND_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef LIGHTLY_TRANSFORMS_KERNELS_BLEND_INL_HPP
#undef LIGHTLY_TRANSFORMS_KERNELS_BLEND_INL_HPP
#else
#define LIGHTLY_TRANSFORMS_KERNELS_BLEND_INL_HPP
#endif

#include <algorithm>
#include <cstdint>

#include "transforms/kernels/planes-inl.hpp"
#include "transforms/kernels/point_ops.hpp"
#include "transforms/kernels/simd-inl.hpp"

#if LIGHTLY_SIMD

HWY_BEFORE_NAMESPACE();
namespace lightly::transforms::kernels::HWY_NAMESPACE {
namespace {

// Beyond this a blend is 0, 255 or the level itself whatever the factor, and integers overflow.
constexpr float kLargestFactor = 1e6F;

struct Quarters {
  Floats a;
  Floats b;
  Floats c;
  Floats d;
};

HWY_INLINE Quarters to_floats(Bytes v) {
  const Words low = widen_lower(v);
  const Words high = widen_upper(v);
  return {hn::ConvertTo(df, widen_lower(low)), hn::ConvertTo(df, widen_upper(low)),
          hn::ConvertTo(df, widen_lower(high)), hn::ConvertTo(df, widen_upper(high))};
}

// level + factor * (value - level), cut off; Pillow's limits [0, 255] are pack()'s.
HWY_INLINE Ints blend(Floats level, Floats factor, Floats value) {
  return hn::ConvertTo(d32, hn::Add(level, hn::Mul(factor, hn::Sub(value, level))));
}

HWY_INLINE Bytes blend(const Quarters& level, Floats factor, const Quarters& value) {
  return pack(blend(level.a, factor, value.a), blend(level.b, factor, value.b),
              blend(level.c, factor, value.c), blend(level.d, factor, value.d));
}

// The same for level 0.
HWY_INLINE Bytes scale(Floats factor, const Quarters& value) {
  const auto scaled = [&](Floats x) HWY_ATTR { return hn::ConvertTo(d32, hn::Mul(factor, x)); };
  return pack(scaled(value.a), scaled(value.b), scaled(value.c), scaled(value.d));
}

// A whole number of vectors of bytes.
void run(const LevelBlend& op, std::int64_t bytes, std::uint8_t* data) {
  const Floats factor = hn::Set(df, std::min(op.factor, kLargestFactor));
  const Floats level = hn::Set(df, static_cast<float>(op.level));
  const Quarters levels{level, level, level, level};
  if (op.level == 0) {
    for (std::int64_t i = 0; i < bytes; i += kLanes) {
      hn::Store(scale(factor, to_floats(hn::Load(d8, data + i))), d8, data + i);
    }
  } else {
    for (std::int64_t i = 0; i < bytes; i += kLanes) {
      hn::Store(blend(levels, factor, to_floats(hn::Load(d8, data + i))), d8, data + i);
    }
  }
}

void run(const LumaBlend& op, Planes& planes, std::int64_t pixels) {
  const Floats factor = hn::Set(df, std::min(op.factor, kLargestFactor));
  for (std::int64_t i = 0; i < pixels; i += kLanes) {
    const Quarters levels = to_floats(luma(load(planes, i)));
    for (std::uint8_t* plane : {planes.r, planes.g, planes.b}) {
      hn::Store(blend(levels, factor, to_floats(hn::Load(d8, plane + i))), d8, plane + i);
    }
  }
}

}  // namespace
}  // namespace lightly::transforms::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LIGHTLY_SIMD
#endif  // include guard
