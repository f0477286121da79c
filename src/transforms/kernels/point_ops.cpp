#include "transforms/kernels/point_ops.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "transforms/kernels/point_ops.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "transforms/kernels/simd-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lightly::transforms::kernels::HWY_NAMESPACE {
namespace {

constexpr std::int64_t kBlock = 256;  // pixels whose planes stay in the first cache

// Calls body(row, first pixel, pixels) for pieces of at most kBlock pixels; a packed image is one
// row.
template <typename Body>
void for_each_block(const ConstImage& size, bool packed, Body body) {
  const std::int64_t rows = packed ? 1 : size.height;
  const std::int64_t width = packed ? size.height * size.width : size.width;
  for (std::int64_t y = 0; y < rows; ++y) {
    for (std::int64_t x = 0; x < width; x += kBlock) {
      body(y, x, std::min(kBlock, width - x));
    }
  }
}

bool is_packed(const ConstImage& image) {
  return image.height == 1 || image.row_bytes == 3 * image.width;
}

#if LIGHTLY_SIMD

constexpr std::int64_t kLanes = kLanes8;
static_assert(kBlock % kLanes == 0);

// A block of pixels, one plane a channel.
struct Planes {
  HWY_ALIGN std::uint8_t r[kBlock];
  HWY_ALIGN std::uint8_t g[kBlock];
  HWY_ALIGN std::uint8_t b[kBlock];
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

void run(const LevelBlend& op, Planes& planes, std::int64_t pixels) {
  const Floats factor = hn::Set(df, std::min(op.factor, kLargestFactor));
  const Floats level = hn::Set(df, static_cast<float>(op.level));
  const Quarters levels{level, level, level, level};
  for (std::uint8_t* plane : {planes.r, planes.g, planes.b}) {
    if (op.level == 0) {
      for (std::int64_t i = 0; i < pixels; i += kLanes) {
        hn::Store(scale(factor, to_floats(hn::Load(d8, plane + i))), d8, plane + i);
      }
    } else {
      for (std::int64_t i = 0; i < pixels; i += kLanes) {
        hn::Store(blend(levels, factor, to_floats(hn::Load(d8, plane + i))), d8, plane + i);
      }
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

void run(const Grayscale&, Planes& planes, std::int64_t pixels) {
  for (std::int64_t i = 0; i < pixels; i += kLanes) {
    const Bytes gray = luma(load(planes, i));
    store({gray, gray, gray}, planes, i);
  }
}

void run(const Solarize& op, Planes& planes, std::int64_t pixels) {
  const Bytes last_kept = hn::Set(d8, static_cast<std::uint8_t>(std::max(op.threshold - 1, 0)));
  for (std::uint8_t* plane : {planes.r, planes.g, planes.b}) {
    for (std::int64_t i = 0; i < pixels; i += kLanes) {
      const Bytes v = hn::Load(d8, plane + i);
      const Bytes inverted = hn::Not(v);
      const Bytes kept = op.threshold == 0 ? inverted : v;
      hn::Store(hn::IfThenElse(hn::Eq(hn::Max(v, last_kept), last_kept), kept, inverted), d8,
                plane + i);
    }
  }
}

// Repeats eight values over the lanes of a vector.
template <typename D, typename T>
HWY_INLINE hn::Vec<D> repeat8(D d, const T (&values)[8]) {
  HWY_ALIGN T lanes[hn::MaxLanes(D())];
  for (std::size_t i = 0; i < hn::MaxLanes(D()); ++i) {
    lanes[i] = values[i % 8];
  }
  return hn::Load(d, lanes);
}

// Pillow's RGB -> HSV -> RGB in float32; which roundings are allowed is known by trying all
// colours.
class HueShifter {
 public:
  explicit HueShifter(int shift)
      : shift_(hn::Set(d32, shift)),
        base_(repeat8(df, kBase)),
        sign_(repeat8(df, kSign)),
        sectors_(repeat8(d32, kSectors)) {}

  HWY_INLINE Rgb operator()(const Rgb& in) const {
    const Bytes most = hn::Max(hn::Max(in.r, in.g), in.b);
    const Bytes least = hn::Min(hn::Min(in.r, in.g), in.b);
    const Bytes middle = hn::Xor(hn::Xor(hn::Xor(in.r, in.g), hn::Xor(in.b, most)), least);
    const Bytes range = hn::Sub(most, least);
    const Bytes distance = hn::Sub(most, middle);
    // Which channels are largest and least, as an index to kBase and kSign.
    const auto blue_least = hn::Eq(in.b, least);
    const Bytes red_most = hn::IfThenElse(blue_least, hn::Zero(d8), hn::Set(d8, 1));
    const Bytes green_most = hn::IfThenElse(blue_least, hn::Set(d8, 2), hn::Set(d8, 3));
    const Bytes blue_most = hn::IfThenElse(hn::Eq(in.r, least), hn::Set(d8, 4), hn::Set(d8, 5));
    const Bytes order = hn::IfThenElse(hn::Eq(in.r, most), red_most,
                                       hn::IfThenElse(hn::Eq(in.g, most), green_most, blue_most));

    const Words most_low = widen_lower(most);
    const Words most_high = widen_upper(most);
    const Words range_low = widen_lower(range);
    const Words range_high = widen_upper(range);
    const Words distance_low = widen_lower(distance);
    const Words distance_high = widen_upper(distance);
    const Words order_low = widen_lower(order);
    const Words order_high = widen_upper(order);
    const Ints a = quarter(widen_lower(most_low), widen_lower(range_low), widen_lower(distance_low),
                           widen_lower(order_low));
    const Ints b = quarter(widen_upper(most_low), widen_upper(range_low), widen_upper(distance_low),
                           widen_upper(order_low));
    const Ints c = quarter(widen_lower(most_high), widen_lower(range_high),
                           widen_lower(distance_high), widen_lower(order_high));
    const Ints d = quarter(widen_upper(most_high), widen_upper(range_high),
                           widen_upper(distance_high), widen_upper(order_high));
    // Four red, four green, four blue bytes in each block of a, b, c, d.
    constexpr hn::Repartition<std::uint64_t, decltype(d8)> d64;
    const auto low_ab = hn::BitCast(d64, hn::InterleaveLower(d32, a, b));
    const auto low_cd = hn::BitCast(d64, hn::InterleaveLower(d32, c, d));
    const auto high_ab = hn::BitCast(d64, hn::InterleaveUpper(d32, a, b));
    const auto high_cd = hn::BitCast(d64, hn::InterleaveUpper(d32, c, d));
    return {hn::BitCast(d8, hn::InterleaveLower(d64, low_ab, low_cd)),
            hn::BitCast(d8, hn::InterleaveUpper(d64, low_ab, low_cd)),
            hn::BitCast(d8, hn::InterleaveLower(d64, high_ab, high_cd))};
  }

 private:
  // The hue in sixths of a turn is base + sign * (most - middle) / (most - least).
  static constexpr float kBase[8] = {1, -1, 1, 3, 3, 5, 0, 0};
  static constexpr float kSign[8] = {-1, 1, 1, -1, 1, -1, 0, 0};
  // Where red, green and blue of a sector are among the bytes v, p, q, t; hue 255 is in sector 6.
  static constexpr std::int32_t kSectors[8] = {0x010300, 0x010002, 0x030001, 0x000201,
                                               0x000103, 0x020100, 0x010300, 0x010300};

  HWY_INLINE Ints quarter(Ints most, Ints range, Ints distance, Ints order) const {
    const Floats one = hn::Set(df, 1.0F);
    const Floats full = hn::Set(df, 255.0F);
    const Floats per_full = hn::Set(df, 1.0F / 255.0F);
    const Floats v = hn::ConvertTo(df, most);
    const Floats range_f = hn::ConvertTo(df, range);
    const Floats q = hn::Div(hn::ConvertTo(df, distance), hn::Max(range_f, one));
    const auto lanes = hn::IndicesFromVec(df, order);
    const Floats sixths =
        hn::MulAdd(q, hn::TableLookupLanes(sign_, lanes), hn::TableLookupLanes(base_, lanes));
    const Floats turn = divide(sixths, hn::Set(df, 6.0F), hn::Set(df, 1.0F / 6.0F));
    const Floats wrap = hn::IfThenElseZero(hn::Lt(sixths, hn::Zero(df)), full);
    const Ints hue = hn::And(hn::Add(hn::ConvertTo(d32, hn::MulAdd(turn, full, wrap)), shift_),
                             hn::Set(d32, 255));
    // The upper word of each hue is 0: products of words do.
    const auto hue_word = hn::BitCast(du16, hue);
    const auto sector = hn::MulHigh(hue_word, hn::Set(du16, 1543));  // hue * 6 / 255
    const auto rest =
        hn::Sub(hn::Mul(hue_word, hn::Set(du16, 6)), hn::Mul(sector, hn::Set(du16, 255)));
    const Floats f = divide(hn::ConvertTo(df, hn::BitCast(d32, rest)), full, per_full);
    const Floats saturation = hn::Trunc(hn::Div(hn::Mul(range_f, full), hn::Max(v, one)));
    const Floats s = divide(saturation, full, per_full);
    // v * (1 - x) rounded to an integer, in the low bits of a float whose unit is 1.
    const Floats shifted = hn::Add(v, hn::Set(df, 0x1p23F));
    const auto level = [&](Floats x)
                           HWY_ATTR { return hn::BitCast(d32, hn::NegMulAdd(v, x, shifted)); };
    const Ints p = hn::ShiftLeft<8>(level(s));
    const Ints q_level = hn::ShiftLeft<16>(level(hn::Mul(s, f)));
    const Ints t = hn::ShiftLeft<24>(level(hn::Mul(s, hn::Sub(one, f))));
    const Ints levels = hn::Or(hn::Or(most, p), hn::Or(q_level, t));
    const Ints places =
        hn::TableLookupLanes(sectors_, hn::IndicesFromVec(d32, hn::BitCast(d32, sector)));
    // Of each pixel its red, green, blue; then of each block the reds, greens, blues.
    HWY_ALIGN constexpr std::uint8_t kPixel[16] = {0, 0, 0, 0, 4,  4,  4,  4,
                                                   8, 8, 8, 8, 12, 12, 12, 12};
    HWY_ALIGN constexpr std::uint8_t kGroup[16] = {0, 4, 8,  12, 1, 5, 9,  13,
                                                   2, 6, 10, 14, 3, 7, 11, 15};
    const Bytes control = hn::Add(hn::BitCast(d8, places), hn::LoadDup128(d8, kPixel));
    const Bytes grouped = hn::TableLookupBytes(control, hn::LoadDup128(d8, kGroup));
    return hn::BitCast(d32, hn::TableLookupBytes(hn::BitCast(d8, levels), grouped));
  }

  Ints shift_;
  Floats base_;
  Floats sign_;
  Ints sectors_;
};

void run(const HueShift& op, Planes& planes, std::int64_t pixels) {
  const HueShifter shifter(op.shift);
  for (std::int64_t i = 0; i < pixels; i += kLanes) {
    store(shifter(load(planes, i)), planes, i);
  }
}

std::uint64_t sum_of_luma(const Planes& planes, std::int64_t pixels) {
  constexpr hn::Repartition<std::uint64_t, decltype(d8)> d64;
  auto sums = hn::Zero(d64);
  for (std::int64_t i = 0; i < pixels; i += kLanes) {
    sums = hn::Add(sums, hn::SumsOf8(luma(load(planes, i))));  // filled up with 0
  }
  return hn::GetLane(hn::SumOfLanes(d64, sums));
}

void run_all(std::span<const PointOp> ops, Planes& planes, std::int64_t pixels) {
  for (const PointOp& op : ops) {
    std::visit([&](const auto& chosen) { run(chosen, planes, pixels); }, op);
  }
}

void Apply(std::span<const PointOp> ops, const ConstImage& source, const Image& target,
           std::uint64_t* luma_sum) {
  Planes planes;
  for_each_block(source, is_packed(source) && is_packed(target),
                 [&](std::int64_t y, std::int64_t x, std::int64_t pixels) {
                   split(source.row(y) + 3 * x, pixels, planes);
                   run_all(ops, planes, pixels);
                   if (luma_sum != nullptr) {
                     // Steps may have changed the zeros that fill the last vector.
                     for (std::uint8_t* plane : {planes.r, planes.g, planes.b}) {
                       std::fill(plane + pixels, plane + (pixels + kLanes - 1) / kLanes * kLanes,
                                 std::uint8_t{0});
                     }
                     *luma_sum += sum_of_luma(planes, pixels);
                   }
                   merge(planes, pixels, target.row(y) + 3 * x);
                 });
}

std::uint64_t SumLuma(const ConstImage& source) {
  Planes planes;
  std::uint64_t sum = 0;
  for_each_block(source, is_packed(source),
                 [&](std::int64_t y, std::int64_t x, std::int64_t pixels) {
                   split(source.row(y) + 3 * x, pixels, planes);
                   sum += sum_of_luma(planes, pixels);
                 });
  return sum;
}

// The constants of three vectors of interleaved channels.
struct FloatConstants {
  explicit FloatConstants(const Normalizer& normalizer) {
    for (std::size_t i = 0; i < 3 * kFloats; ++i) {
      mean[i] = normalizer.mean[i % 3];
      std[i] = normalizer.std[i % 3];
      per_std[i] = 1.0F / normalizer.std[i % 3];
    }
  }

  static constexpr std::size_t kFloats = HWY_MAX_BYTES / sizeof(float);
  HWY_ALIGN float mean[3 * kFloats];
  HWY_ALIGN float std[3 * kFloats];
  HWY_ALIGN float per_std[3 * kFloats];
};

void to_float(const std::uint8_t* from, std::int64_t pixels, const FloatConstants& constants,
              const scalar::FloatTable& table, float* to) {
  constexpr std::int64_t kFloats = FloatConstants::kFloats;
  constexpr hn::Rebind<std::uint8_t, decltype(d32)> d8_few;
  const Floats full = hn::Set(df, 255.0F);
  const Floats per_full = hn::Set(df, 1.0F / 255.0F);
  std::int64_t i = 0;
  for (; i + 3 * kFloats <= 3 * pixels; i += 3 * kFloats) {
    for (std::int64_t j = 0; j < 3 * kFloats; j += kFloats) {
      const Ints bytes = hn::PromoteTo(d32, hn::LoadU(d8_few, from + i + j));
      const Floats x = divide(hn::ConvertTo(df, bytes), full, per_full);
      const Floats difference = hn::Sub(x, hn::Load(df, constants.mean + j));
      hn::StoreU(
          divide(difference, hn::Load(df, constants.std + j), hn::Load(df, constants.per_std + j)),
          df, to + i + j);
    }
  }
  for (; i < 3 * pixels; ++i) {
    to[i] = table[static_cast<std::size_t>(i % 3)][from[i]];
  }
}

void ApplyToFloat(std::span<const PointOp> ops, const ConstImage& source,
                  const Normalizer& normalizer, const FloatImage& target) {
  const FloatConstants constants(normalizer);
  Planes planes;
  HWY_ALIGN std::uint8_t made[3 * kBlock];
  const bool interleaved = target.c_stride == 1 && (target.x_stride == 3 || source.width == 1);
  const bool fast = interleaved && normalizer.by_reciprocal;
  const bool packed =
      fast && is_packed(source) && (source.height == 1 || target.y_stride == 3 * source.width);
  for_each_block(source, packed, [&](std::int64_t y, std::int64_t x, std::int64_t pixels) {
    const std::uint8_t* from = source.row(y) + 3 * x;
    if (!ops.empty()) {
      split(from, pixels, planes);
      run_all(ops, planes, pixels);
      merge(planes, pixels, made);
      from = made;
    }
    float* to = target.data + y * target.y_stride + x * target.x_stride;
    if (fast) {
      to_float(from, pixels, constants, normalizer.table, to);
    } else {
      scalar::to_float({from, 3 * pixels, 1, pixels}, normalizer.table,
                       {to, target.c_stride, target.y_stride, target.x_stride});
    }
  });
}

#else

void run(const LevelBlend& op, const Image& block) {
  scalar::blend_with_level(block, block, op);
}

void run(const LumaBlend& op, const Image& block) {
  scalar::blend_with_luma(block, block, op.factor);
}

void run(const HueShift& op, const Image& block) {
  scalar::shift_hue(block, block, op.shift);
}

void run(const Grayscale&, const Image& block) {
  scalar::grayscale(block, block);
}

void run(const Solarize& op, const Image& block) {
  scalar::solarize(block, block, op.threshold);
}

// The pixels from `from` on, with all steps done, in `to`.
Image make_block(std::span<const PointOp> ops, const std::uint8_t* from, std::int64_t pixels,
                 std::uint8_t* to) {
  const Image block{to, 3 * pixels, 1, pixels};
  if (from != to) {
    std::memcpy(to, from, static_cast<std::size_t>(3 * pixels));
  }
  for (const PointOp& op : ops) {
    std::visit([&](const auto& chosen) { run(chosen, block); }, op);
  }
  return block;
}

void Apply(std::span<const PointOp> ops, const ConstImage& source, const Image& target,
           std::uint64_t* luma_sum) {
  for_each_block(source, is_packed(source) && is_packed(target),
                 [&](std::int64_t y, std::int64_t x, std::int64_t pixels) {
                   const Image block =
                       make_block(ops, source.row(y) + 3 * x, pixels, target.row(y) + 3 * x);
                   if (luma_sum != nullptr) {
                     *luma_sum += scalar::sum_luma(block);
                   }
                 });
}

std::uint64_t SumLuma(const ConstImage& source) {
  return scalar::sum_luma(source);
}

void ApplyToFloat(std::span<const PointOp> ops, const ConstImage& source,
                  const Normalizer& normalizer, const FloatImage& target) {
  std::uint8_t made[3 * kBlock];
  for_each_block(source, false, [&](std::int64_t y, std::int64_t x, std::int64_t pixels) {
    const Image block = make_block(ops, source.row(y) + 3 * x, pixels, made);
    scalar::to_float(block, normalizer.table,
                     {target.data + y * target.y_stride + x * target.x_stride, target.c_stride,
                      target.y_stride, target.x_stride});
  });
}

#endif  // LIGHTLY_SIMD

}  // namespace
}  // namespace lightly::transforms::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lightly::transforms::kernels {
namespace {

HWY_EXPORT(Apply);
HWY_EXPORT(SumLuma);
HWY_EXPORT(ApplyToFloat);

bool reciprocals_are_exact(const Normalizer& normalizer) {
  const auto divide = [](float x, float divisor) {
    const float reciprocal = 1.0F / divisor;
    const float estimate = x * reciprocal;
    return std::fma(std::fma(-estimate, divisor, x), reciprocal, estimate);
  };
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < 256; ++i) {
      const float difference = divide(static_cast<float>(i), 255.0F) - normalizer.mean[c];
      // The bits: -0 and 0 are different floats here, and a NaN equals nothing.
      if (std::bit_cast<std::uint32_t>(divide(difference, normalizer.std[c])) !=
          std::bit_cast<std::uint32_t>(normalizer.table[c][i])) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

Normalizer::Normalizer(const std::array<float, 3>& mean_, const std::array<float, 3>& std_)
    : mean(mean_),
      std(std_),
      table(scalar::normalize_table(mean_, std_)),
      by_reciprocal(reciprocals_are_exact(*this)) {}

std::int64_t compiled_targets() {
  return HWY_TARGETS;
}

void apply(std::span<const PointOp> ops, const ConstImage& source, const Image& target) {
  HWY_DYNAMIC_DISPATCH(Apply)(ops, source, target, nullptr);
}

std::uint64_t apply_and_sum_luma(std::span<const PointOp> ops, const ConstImage& source,
                                 const Image& target) {
  std::uint64_t sum = 0;
  HWY_DYNAMIC_DISPATCH(Apply)(ops, source, target, &sum);
  return sum;
}

std::uint64_t sum_luma(const ConstImage& source) {
  return HWY_DYNAMIC_DISPATCH(SumLuma)(source);
}

int mean_luma(std::uint64_t sum, std::int64_t pixels) {
  return static_cast<int>(static_cast<double>(sum) / static_cast<double>(pixels) + 0.5);
}

void apply_to_float(std::span<const PointOp> ops, const ConstImage& source,
                    const Normalizer& normalizer, const FloatImage& target) {
  HWY_DYNAMIC_DISPATCH(ApplyToFloat)(ops, source, normalizer, target);
}

}  // namespace lightly::transforms::kernels

#endif  // HWY_ONCE
