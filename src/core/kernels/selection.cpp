#include "core/kernels/tiles.hpp"

#include <algorithm>
#include <bit>
#include <limits>

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

// How many values are at least `limit`.
std::int64_t CountAtLeast(const float* values, std::int64_t count, float limit) {
  const hn::CappedTag<float, kPanel / 2> d;
  constexpr std::int64_t kLanes = hn::MaxLanes(d);
  const auto limits = hn::Set(d, limit);
  std::size_t found = 0;
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    found += hn::CountTrue(d, hn::Ge(hn::LoadU(d, values + i), limits));
  }
  for (; i < count; ++i) {
    found += values[i] >= limit ? 1U : 0U;
  }
  return static_cast<std::int64_t>(found);
}

}  // namespace
}  // namespace lightly::core::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lightly::core::kernels {
namespace {

HWY_EXPORT(AppendAbove);
HWY_EXPORT(CountAtLeast);

// Floats by numbers that are in the same order; both zeros have the same.
std::int32_t order_of(float value) {
  const auto bits = std::bit_cast<std::int32_t>(value + 0.0F);
  return bits < 0 ? bits ^ std::numeric_limits<std::int32_t>::max() : bits;
}

float value_at(std::int32_t order) {
  return std::bit_cast<float>(order < 0 ? order ^ std::numeric_limits<std::int32_t>::max() : order);
}

float kth_largest(const float* values, std::int64_t count, std::int64_t k) {
  // The greatest number that k values are at least, by halves.
  std::int64_t low = order_of(-kInfinity);
  std::int64_t high = order_of(kInfinity);
  while (low < high) {
    const std::int64_t middle = (low + high + 1) >> 1;
    const float limit = value_at(static_cast<std::int32_t>(middle));
    const bool is_reached = HWY_DYNAMIC_DISPATCH(CountAtLeast)(values, count, limit) >= k;
    (is_reached ? low : high) = is_reached ? middle : middle - 1;
  }
  return value_at(static_cast<std::int32_t>(low));
}

}  // namespace

std::int64_t append_above(const float* row, std::int64_t columns, float threshold,
                          std::uint32_t first_column, const Candidates& to) {
  return HWY_DYNAMIC_DISPATCH(AppendAbove)(row, columns, threshold, first_column, to);
}

float keep_largest(const Candidates& candidates, std::int64_t k) {
  const auto [values, columns, count] = candidates;
  const float smallest = kth_largest(values, count, k);
  std::int64_t equal =
      k - std::count_if(values, values + count, [=](float value) { return value > smallest; });
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < count && kept < k; ++i) {
    const float value = values[i];
    const bool is_equal = value == smallest;
    const bool is_kept = value > smallest || (is_equal && equal > 0);
    equal -= is_equal ? 1 : 0;
    values[kept] = value;
    columns[kept] = columns[i];
    kept += is_kept ? 1 : 0;
  }
  return smallest;
}

}  // namespace lightly::core::kernels

#endif  // HWY_ONCE
