#include "core/kernels/tiles.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/selection.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lightly::core::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

std::int64_t AppendAbove(const float* row, std::int64_t columns, float threshold,
                         std::uint32_t first_column, const Candidates& to) {
  const hn::CappedTag<float, kPanel / 2> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  constexpr std::int64_t kLanes = hn::MaxLanes(d);
  const auto limit = hn::Set(d, threshold);
  std::int64_t count = to.count;
  std::int64_t j = 0;
  for (; j + kLanes <= columns; j += kLanes) {
    const auto values = hn::LoadU(d, row + j);
    const auto above = hn::Gt(values, limit);
    if (HWY_UNLIKELY(!hn::AllFalse(d, above))) {
      const auto places = hn::Iota(du, first_column + static_cast<std::uint32_t>(j));
      hn::CompressBlendedStore(places, hn::RebindMask(du, above), du, to.columns + count);
      count +=
          static_cast<std::int64_t>(hn::CompressBlendedStore(values, above, d, to.values + count));
    }
  }
  for (; j < columns; ++j) {
    if (row[j] > threshold) {
      to.values[count] = row[j];
      to.columns[count++] = first_column + static_cast<std::uint32_t>(j);
    }
  }
  return count;
}

}  // namespace
}  // namespace lightly::core::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lightly::core::kernels {
namespace {

HWY_EXPORT(AppendAbove);

}  // namespace

std::int64_t append_above(const float* row, std::int64_t columns, float threshold,
                          std::uint32_t first_column, const Candidates& to) {
  return HWY_DYNAMIC_DISPATCH(AppendAbove)(row, columns, threshold, first_column, to);
}

}  // namespace lightly::core::kernels

#endif  // HWY_ONCE
