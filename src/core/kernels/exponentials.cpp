#include "core/kernels/tiles.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/exponentials.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lightly::core::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

const hn::CappedTag<float, kPanel / 2> d;
const hn::RebindToSigned<decltype(d)> di;
using Floats = hn::Vec<decltype(d)>;
constexpr std::int64_t kLanes = hn::MaxLanes(d);

// e^x for x <= 1, with a relative error of 1.2e-7; 0 below -87, NaN of NaN.
HWY_INLINE Floats exponential(Floats x) {
  // x = n log 2 + r with |r| <= log(2) / 2, log 2 in two parts of which the first has few bits.
  const Floats n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504F)));
  Floats r = hn::NegMulAdd(n, hn::Set(d, 0.693359375F), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4F), r);
  // (e^r - 1 - r) / r^2, least relative error of e^r over that range.
  Floats p = hn::Set(d, 0.00138142F);
  p = hn::MulAdd(p, r, hn::Set(d, 0.0083689F));
  p = hn::MulAdd(p, r, hn::Set(d, 0.04166841F));
  p = hn::MulAdd(p, r, hn::Set(d, 0.16666519F));
  p = hn::MulAdd(p, r, hn::Set(d, 0.49999993F));
  p = hn::MulAdd(p, hn::Mul(r, r), hn::Add(r, hn::Set(d, 1.0F)));
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.0F)), hn::Mul(p, hn::BitCast(d, exponent)));
}

HWY_INLINE float largest(const float* row, std::int64_t columns) {
  Floats most = hn::LoadU(d, row);
  for (std::int64_t j = kLanes; j < columns; j += kLanes) {
    most = hn::Max(most, hn::LoadU(d, row + j));
  }
  return hn::GetLane(hn::MaxOfLanes(d, most));
}

// Raises a maximum to at least `candidate`; returns what sums taken under the old one are to be
// multiplied by.
HWY_INLINE double raise(float candidate, float& maximum) {
  if (!(candidate > maximum)) {
    return 1.0;
  }
  const double factor = std::exp(static_cast<double>(maximum) - static_cast<double>(candidate));
  maximum = candidate;
  return factor;
}

template <bool kInPlace>
HWY_INLINE void add_row(float* row, std::int64_t columns, float& maximum, double& sum,
                        float* factor) {
  const double rescaled = raise(largest(row, columns), maximum);
  // Of a row of -infinity nothing is added, where its difference to itself would give NaN.
  const Floats shift = hn::Set(d, std::max(maximum, std::numeric_limits<float>::lowest()));
  Floats total = hn::Zero(d);
  for (std::int64_t j = 0; j < columns; j += kLanes) {
    const Floats e = exponential(hn::Sub(hn::LoadU(d, row + j), shift));
    total = hn::Add(total, e);
    if (kInPlace) {
      hn::StoreU(e, d, row + j);
    }
  }
  sum = sum * rescaled + static_cast<double>(hn::GetLane(hn::SumOfLanes(d, total)));
  if (kInPlace) {
    *factor = static_cast<float>(rescaled);
  }
}

void AddRows(const Tile& tile, std::int64_t count, const LogSumExp& to) {
  for (std::int64_t i = 0; i < count; ++i) {
    add_row<false>(tile.values + i * tile.stride, tile.columns, to.maxima[i], to.sums[i], nullptr);
  }
}

void AddRowsInPlace(const Tile& tile, std::int64_t count, const LogSumExp& to, float* factors) {
  for (std::int64_t i = 0; i < count; ++i) {
    add_row<true>(tile.values + i * tile.stride, tile.columns, to.maxima[i], to.sums[i],
                  factors + i);
  }
}

// Adds a vector of floats to doubles.
HWY_INLINE void add_to(double* sums, Floats values) {
  HWY_ALIGN float lanes[kLanes];
  hn::Store(values, d, lanes);
  for (std::int64_t k = 0; k < kLanes; ++k) {
    sums[k] += static_cast<double>(lanes[k]);
  }
}

void AddColumns(const Tile& tile, std::int64_t count, const LogSumExp& to) {
  HWY_ALIGN float most[kLanes];
  for (std::int64_t j = 0; j < tile.columns; j += kLanes) {
    const float* column = tile.values + j;
    Floats highest = hn::LoadU(d, column);
    for (std::int64_t i = 1; i < count; ++i) {
      highest = hn::Max(highest, hn::LoadU(d, column + i * tile.stride));
    }
    hn::Store(highest, d, most);
    for (std::int64_t k = 0; k < kLanes; ++k) {
      to.sums[j + k] *= raise(most[k], to.maxima[j + k]);
    }
    const Floats shift =
        hn::Max(hn::LoadU(d, to.maxima + j), hn::Set(d, std::numeric_limits<float>::lowest()));
    Floats total = hn::Zero(d);
    for (std::int64_t i = 0; i < count; ++i) {
      const Floats s = hn::LoadU(d, column + i * tile.stride);
      total = hn::Add(total, exponential(hn::Sub(s, shift)));
    }
    add_to(to.sums + j, total);
  }
}

void TwoSided(const float* similarities, const LogSums& log_sums, const Tile& out) {
  for (std::int64_t i = 0; i < out.rows; ++i) {
    const float* row = similarities + i * out.stride;
    const Floats of_row = hn::Set(d, log_sums.of_rows[i]);
    for (std::int64_t j = 0; j < out.columns; j += kLanes) {
      const Floats s = hn::LoadU(d, row + j);
      const Floats by_row = exponential(hn::Sub(s, of_row));
      const Floats by_column = exponential(hn::Sub(s, hn::LoadU(d, log_sums.of_columns + j)));
      hn::StoreU(hn::Add(by_row, by_column), d, out.values + i * out.stride + j);
    }
  }
}

void Exponentiate(const Tile& tile, std::int64_t count, float shift, const TileSums& to) {
  const Floats shifts = hn::Set(d, shift);
  // So many columns at a time that their sums stay in the first cache.
  constexpr std::int64_t kBlock = 256;
  HWY_ALIGN float of_columns[kBlock];
  for (std::int64_t from = 0; from < tile.columns; from += kBlock) {
    const std::int64_t columns = std::min(kBlock, tile.columns - from);
    std::fill(of_columns, of_columns + columns, 0.0F);
    for (std::int64_t i = 0; i < count; ++i) {
      float* row = tile.values + i * tile.stride + from;
      Floats total = hn::Zero(d);
      for (std::int64_t j = 0; j < columns; j += kLanes) {
        const Floats e = exponential(hn::Sub(hn::LoadU(d, row + j), shifts));
        hn::StoreU(e, d, row + j);
        total = hn::Add(total, e);
        hn::Store(hn::Add(hn::Load(d, of_columns + j), e), d, of_columns + j);
      }
      to.of_rows[i] += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, total)));
    }
    for (std::int64_t j = 0; to.of_columns != nullptr && j < columns; j += kLanes) {
      add_to(to.of_columns + from + j, hn::Load(d, of_columns + j));
    }
  }
}

template <bool kAreExponentials>
HWY_INLINE void weigh(const float* values, float shift, const TileFactors& factors,
                      const Tile& out) {
  const Floats shifts = hn::Set(d, shift);
  for (std::int64_t i = 0; i < out.rows; ++i) {
    const float* row = values + i * out.stride;
    const Floats of_row = hn::Set(d, factors.of_rows[i]);
    for (std::int64_t j = 0; j < out.columns; j += kLanes) {
      const Floats value = hn::LoadU(d, row + j);
      const Floats e = kAreExponentials ? value : exponential(hn::Sub(value, shifts));
      const Floats factor = hn::Add(of_row, hn::LoadU(d, factors.of_columns + j));
      hn::StoreU(hn::Mul(e, factor), d, out.values + i * out.stride + j);
    }
  }
}

void WeighExponentials(const float* exponentials, const TileFactors& factors, const Tile& out) {
  weigh<true>(exponentials, 0.0F, factors, out);
}

void WeighSimilarities(const float* similarities, float shift, const TileFactors& factors,
                       const Tile& out) {
  weigh<false>(similarities, shift, factors, out);
}

HWY_INLINE float dot(const float* a, const float* b, std::int64_t depth) {
  Floats sum = hn::Zero(d);
  std::int64_t k = 0;
  for (; k + kLanes <= depth; k += kLanes) {
    sum = hn::MulAdd(hn::LoadU(d, a + k), hn::LoadU(d, b + k), sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; k < depth; ++k) {
    total += a[k] * b[k];
  }
  return total;
}

void NormalizeRows(const Rows& rows, float scale, const NormalizedRows& out) {
  for (std::int64_t i = 0; i < rows.count; ++i) {
    const float* row = rows.values + i * rows.stride;
    out.lengths[i] = std::sqrt(dot(row, row, rows.depth));
    // The length of NaN stays NaN.
    const float length = out.lengths[i] < kSmallestLength ? kSmallestLength : out.lengths[i];
    const float factor = scale / length;
    float* to = out.values + i * out.stride;
    for (std::int64_t k = 0; k < rows.depth; ++k) {
      to[k] = row[k] * factor;
    }
  }
}

void UnnormalizeGradient(const Rows& units, const float* lengths, float scale,
                         const UnitGradient& gradient) {
  for (std::int64_t i = 0; i < units.count; ++i) {
    const float* unit = units.values + i * units.stride;
    const float* of_unit = gradient.values + i * gradient.stride;
    const bool is_short = lengths[i] < kSmallestLength;
    const float along = is_short ? 0.0F : dot(unit, of_unit, units.depth);
    const float factor = scale / (is_short ? kSmallestLength : lengths[i]);
    for (std::int64_t k = 0; k < units.depth; ++k) {
      gradient.out[i * units.depth + k] = factor * (of_unit[k] - unit[k] * along);
    }
  }
}

}  // namespace
}  // namespace lightly::core::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lightly::core::kernels {
namespace {

HWY_EXPORT(AddRows);
HWY_EXPORT(AddRowsInPlace);
HWY_EXPORT(AddColumns);
HWY_EXPORT(TwoSided);
HWY_EXPORT(Exponentiate);
HWY_EXPORT(WeighExponentials);
HWY_EXPORT(WeighSimilarities);
HWY_EXPORT(NormalizeRows);
HWY_EXPORT(UnnormalizeGradient);

}  // namespace

void add_rows(const Tile& tile, std::int64_t count, const LogSumExp& to) {
  HWY_DYNAMIC_DISPATCH(AddRows)(tile, count, to);
}

void add_rows_in_place(const Tile& tile, std::int64_t count, const LogSumExp& to, float* factors) {
  HWY_DYNAMIC_DISPATCH(AddRowsInPlace)(tile, count, to, factors);
}

void add_columns(const Tile& tile, std::int64_t count, const LogSumExp& to) {
  HWY_DYNAMIC_DISPATCH(AddColumns)(tile, count, to);
}

void two_sided_softmax(const float* similarities, const LogSums& log_sums, const Tile& out) {
  HWY_DYNAMIC_DISPATCH(TwoSided)(similarities, log_sums, out);
}

void exponentiate(const Tile& tile, std::int64_t count, float shift, const TileSums& to) {
  HWY_DYNAMIC_DISPATCH(Exponentiate)(tile, count, shift, to);
}

void weigh_exponentials(const float* exponentials, const TileFactors& factors, const Tile& out) {
  HWY_DYNAMIC_DISPATCH(WeighExponentials)(exponentials, factors, out);
}

void weigh_similarities(const float* similarities, float shift, const TileFactors& factors,
                        const Tile& out) {
  HWY_DYNAMIC_DISPATCH(WeighSimilarities)(similarities, shift, factors, out);
}

void normalize_rows(const Rows& rows, float scale, const NormalizedRows& out) {
  HWY_DYNAMIC_DISPATCH(NormalizeRows)(rows, scale, out);
}

void unnormalize_gradient(const Rows& units, const float* lengths, float scale,
                          const UnitGradient& gradient) {
  HWY_DYNAMIC_DISPATCH(UnnormalizeGradient)(units, lengths, scale, gradient);
}

}  // namespace lightly::core::kernels

#endif  // HWY_ONCE
