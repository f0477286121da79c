#include "core/kernels/tiles.hpp"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/products.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lightly::core::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Two vectors of columns at a time, by as many rows as keep every multiply-add unit busy and the
// sums in registers.
const hn::CappedTag<float, kPanel / 2> d;
using Floats = hn::Vec<decltype(d)>;
constexpr std::int64_t kLanes = hn::MaxLanes(d);
constexpr std::int64_t kColumns = 2 * kLanes;
constexpr std::int64_t kRows = HWY_TARGET <= HWY_AVX3 ? 8 : 4;
// Terms after which the sums go to memory: their part of a panel or slice, 16 KiB, stays in the
// first cache meanwhile.
constexpr std::int64_t kTerms = 128;

struct Sums {
  Floats left[kRows];
  Floats right[kRows];

  HWY_INLINE void add_to(float* to, std::int64_t stride) const {
    for (std::int64_t r = 0; r < kRows; ++r) {
      float* at = to + r * stride;
      hn::StoreU(hn::Add(hn::LoadU(d, at), left[r]), d, at);
      hn::StoreU(hn::Add(hn::LoadU(d, at + kLanes), right[r]), d, at + kLanes);
    }
  }

  HWY_INLINE void store(float* to, std::int64_t stride) const {
    for (std::int64_t r = 0; r < kRows; ++r) {
      hn::StoreU(left[r], d, to + r * stride);
      hn::StoreU(right[r], d, to + r * stride + kLanes);
    }
  }
};

// The sum over k of factors[k * step + r * row_step] times the two vectors at rows + k * kPanel.
HWY_INLINE Sums multiply(const float* factors, std::int64_t step, std::int64_t row_step,
                         const float* rows, std::int64_t count) {
  Sums sums;
  for (std::int64_t r = 0; r < kRows; ++r) {
    sums.left[r] = hn::Zero(d);
    sums.right[r] = hn::Zero(d);
  }
  for (std::int64_t k = 0; k < count; ++k) {
    const Floats left = hn::LoadU(d, rows + k * kPanel);
    const Floats right = hn::LoadU(d, rows + k * kPanel + kLanes);
    for (std::int64_t r = 0; r < kRows; ++r) {
      const Floats factor = hn::Set(d, factors[k * step + r * row_step]);
      sums.left[r] = hn::MulAdd(factor, left, sums.left[r]);
      sums.right[r] = hn::MulAdd(factor, right, sums.right[r]);
    }
  }
  return sums;
}

void MultiplyTile(const float* left, const float* right, std::int64_t depth, const Tile& tile) {
  for (std::int64_t from = 0; from < depth; from += kTerms) {
    const std::int64_t steps = std::min(kTerms, depth - from);
    for (std::int64_t j = 0; j < tile.columns; j += kColumns) {
      const float* columns = right + (j / kPanel * depth + from) * kPanel + j % kPanel;
      for (std::int64_t i = 0; i < tile.rows; i += kRows) {
        const float* rows = left + (i / kPanel * depth + from) * kPanel + i % kPanel;
        const Sums sums = multiply(rows, kPanel, 1, columns, steps);
        float* to = tile.values + i * tile.stride + j;
        if (from == 0) {
          sums.store(to, tile.stride);
        } else {
          sums.add_to(to, tile.stride);
        }
      }
    }
  }
}

void AddWeightedRows(const Tile& tile, Sum over, const float* summands, const WeightedSum& sum) {
  const bool over_columns = over == Sum::kColumns;
  const std::int64_t outputs = over_columns ? tile.rows : tile.columns;
  const std::int64_t terms = over_columns ? tile.columns : tile.rows;
  const std::int64_t output_step = over_columns ? tile.stride : 1;
  const std::int64_t term_step = over_columns ? 1 : tile.stride;
  for (std::int64_t from = 0; from < terms; from += kTerms) {
    const std::int64_t count = std::min(kTerms, terms - from);
    const float* weights = tile.values + from * term_step;
    for (std::int64_t j = 0; j < sum.slices * kPanel; j += kColumns) {
      const float* columns = summands + j / kPanel * sum.slice_stride + from * kPanel + j % kPanel;
      for (std::int64_t i = 0; i < outputs; i += kRows) {
        multiply(weights + i * output_step, term_step, output_step, columns, count)
            .add_to(sum.values + i * sum.stride + j, sum.stride);
      }
    }
  }
}

#if HWY_TARGET != HWY_SCALAR
constexpr std::int64_t kBlock = 4;

// Four terms of every fourth row, from the one at `from` on, as many as fill the vector.
template <class D>
HWY_INLINE hn::Vec<D> load_blocks(D tag, const float* from, std::int64_t stride) {
  constexpr std::int64_t kRowsOfTag = hn::MaxLanes(D());
  if constexpr (kRowsOfTag == kBlock) {
    return hn::LoadU(tag, from);
  } else {
    const hn::Half<D> half;
    return hn::Combine(tag, load_blocks(half, from + kRowsOfTag / 2 * stride, stride),
                       load_blocks(half, from, stride));
  }
}

// Transposes kLanes rows of four terms.
HWY_INLINE void pack_block(const float* from, std::int64_t stride, float* to) {
  const hn::RepartitionToWide<decltype(d)> pairs;
  const Floats first = load_blocks(d, from, stride);
  const Floats second = load_blocks(d, from + stride, stride);
  const Floats third = load_blocks(d, from + 2 * stride, stride);
  const Floats fourth = load_blocks(d, from + 3 * stride, stride);
  const auto two_lower = hn::BitCast(pairs, hn::InterleaveLower(d, first, second));
  const auto two_upper = hn::BitCast(pairs, hn::InterleaveUpper(d, first, second));
  const auto more_lower = hn::BitCast(pairs, hn::InterleaveLower(d, third, fourth));
  const auto more_upper = hn::BitCast(pairs, hn::InterleaveUpper(d, third, fourth));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, two_lower, more_lower)), d, to);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, two_lower, more_lower)), d, to + kPanel);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, two_upper, more_upper)), d, to + 2 * kPanel);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, two_upper, more_upper)), d, to + 3 * kPanel);
}
#endif

void PackPanels(const Rows& rows, float* panels) {
  // A cache line of every row is read as a whole.
  constexpr std::int64_t kLine = 16;
  for (std::int64_t first = 0; first < rows.count; first += kPanel) {
    float* panel = panels + first * rows.depth;
    const std::int64_t there = std::min(kPanel, rows.count - first);
    const float* values = rows.values + first * rows.stride;
    for (std::int64_t from = 0; from < rows.depth; from += kLine) {
      const std::int64_t to = std::min(from + kLine, rows.depth);
      std::int64_t whole = 0;
#if HWY_TARGET != HWY_SCALAR
      for (; to - from == kLine && whole + kLanes <= there; whole += kLanes) {
        for (std::int64_t k = from; k < to; k += kBlock) {
          pack_block(values + whole * rows.stride + k, rows.stride, panel + k * kPanel + whole);
        }
      }
#endif
      for (std::int64_t r = whole; r < there; ++r) {
        for (std::int64_t k = from; k < to; ++k) {
          panel[k * kPanel + r] = values[r * rows.stride + k];
        }
      }
    }
    for (std::int64_t k = 0; there < kPanel && k < rows.depth; ++k) {
      std::fill(panel + k * kPanel + there, panel + (k + 1) * kPanel, 0.0F);
    }
  }
}

}  // namespace
}  // namespace lightly::core::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lightly::core::kernels {
namespace {

HWY_EXPORT(MultiplyTile);
HWY_EXPORT(AddWeightedRows);
HWY_EXPORT(PackPanels);

}  // namespace

void multiply_tile(const float* left, const float* right, std::int64_t depth, const Tile& tile) {
  HWY_DYNAMIC_DISPATCH(MultiplyTile)(left, right, depth, tile);
}

void add_weighted_rows(const Tile& tile, Sum over, const float* summands, const WeightedSum& sum) {
  HWY_DYNAMIC_DISPATCH(AddWeightedRows)(tile, over, summands, sum);
}

void pack_panels(const Rows& rows, float* panels) {
  HWY_DYNAMIC_DISPATCH(PackPanels)(rows, panels);
}

void pack_slices(const Rows& rows, std::int64_t slice_rows, float* slices) {
  for (std::int64_t from = 0; from < rows.depth; from += kPanel) {
    float* slice = slices + from * slice_rows;
    const std::int64_t there = std::min(kPanel, rows.depth - from);
    for (std::int64_t i = 0; i < rows.count; ++i) {
      const float* row = rows.values + i * rows.stride + from;
      float* to = slice + i * kPanel;
      if (there == kPanel) {
        std::memcpy(to, row, kPanel * sizeof(float));  // a few moves, as the size is known
      } else {
        std::fill(std::copy_n(row, there, to), to + kPanel, 0.0F);
      }
    }
  }
}

}  // namespace lightly::core::kernels

#endif  // HWY_ONCE
