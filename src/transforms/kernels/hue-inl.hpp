// Included once for each SIMD target, as Highway's own -inl headers are.
#if defined(LIGHTLY_TRANSFORMS_KERNELS_HUE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef LIGHTLY_TRANSFORMS_KERNELS_HUE_INL_HPP
#undef LIGHTLY_TRANSFORMS_KERNELS_HUE_INL_HPP
#else
#define LIGHTLY_TRANSFORMS_KERNELS_HUE_INL_HPP
#endif

#include <cstdint>

#include "transforms/kernels/planes-inl.hpp"
#include "transforms/kernels/simd-inl.hpp"

#if LIGHTLY_SIMD

HWY_BEFORE_NAMESPACE();
namespace lightly::transforms::kernels::HWY_NAMESPACE {
namespace {

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

}  // namespace
}  // namespace lightly::transforms::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LIGHTLY_SIMD
#endif  // include guard
