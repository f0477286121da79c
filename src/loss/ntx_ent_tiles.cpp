#include "loss/ntx_ent_tiles.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "core/kernels/tiles.hpp"
#include "core/memory_block.hpp"

namespace lightly::loss {
namespace {

namespace kernels = core::kernels;
using kernels::kInfinity;
using kernels::kPanel;
using kernels::padded;

// exp(-2 * 40), the least exponential there is then, is a normal float32.
constexpr float kLargestBound = 40.0F;

at::Tensor floats(std::int64_t count) {
  return at::empty({count}, at::kFloat);
}

}  // namespace

/// Where a tile is, and the number of rows and columns that are not padding.
struct NTXentTiles::Block {
  std::int64_t thread;
  /// Its place among the tiles on and above the diagonal.
  std::int64_t index;
  std::int64_t first_row, first_column;
  std::int64_t rows, columns;

  bool on_diagonal() const { return first_row == first_column; }
};

NTXentTiles::NTXentTiles(const at::Tensor& out0, const at::Tensor& out1, const Options& options)
    : batch_(out0.size(0)),
      depth_(out0.size(1)),
      rows_(2 * batch_),
      padded_rows_(padded(rows_)),
      // Small tiles waste less on the diagonal and share better, large ones read less.
      tile_(rows_ <= 2048 ? 64 : 256),
      // Not a power of two: the rows of a column lie in different sets of the cache.
      stride_(tile_ + 16),
      tiles_((rows_ + tile_ - 1) / tile_),
      threads_(std::min<std::int64_t>(at::get_num_threads(), tiles_)),
      scale_(static_cast<float>(1.0 / std::sqrt(std::abs(options.temperature)))),
      sign_(options.temperature > 0 ? 1.0 : -1.0),
      bound_(static_cast<float>(1.0 / std::abs(options.temperature))),
      // Only a maximum makes the loss of one pair exactly 0.
      is_bounded_(bound_ <= kLargestBound && batch_ > 1) {
  pack(out0, out1);
  const std::int64_t all = tiles_ * (tiles_ + 1) / 2 * tile_ * stride_;
  if (options.with_gradient &&
      all * static_cast<std::int64_t>(sizeof(float)) <= options.kept_bytes) {
    const std::size_t bytes = static_cast<std::size_t>(all) * sizeof(float);
    core::MemoryBlock block = options.memory == nullptr ? core::allocate_block("NTXentLoss", bytes)
                                                        : options.memory->take("NTXentLoss", bytes);
    void* values = block.memory.get();
    kept_ = at::from_blob(values, {all}, [block = std::move(block)](void*) {}, at::kFloat);
  }
  sum_exponentials();
}

void NTXentTiles::pack(const at::Tensor& out0, const at::Tensor& out1) {
  const std::int64_t padded_depth = padded(depth_);
  right_ = floats(padded_rows_ * depth_);
  left_ = sign_ > 0 ? right_ : floats(padded_rows_ * depth_);
  slices_ = floats(padded_rows_ * padded_depth);
  lengths_ = floats(rows_);
  const float* halves[] = {out0.const_data_ptr<float>(), out1.const_data_ptr<float>()};
  auto* right = right_.mutable_data_ptr<float>();
  auto* left = left_.mutable_data_ptr<float>();
  auto* slices = slices_.mutable_data_ptr<float>();
  auto* lengths = lengths_.mutable_data_ptr<float>();
  at::parallel_for(0, padded_rows_ / kPanel, 8, [&](std::int64_t from, std::int64_t to) {
    const at::Tensor panel = floats(kPanel * depth_);
    auto* values = panel.mutable_data_ptr<float>();
    for (std::int64_t p = from; p < to; ++p) {
      const std::int64_t first = p * kPanel;
      const std::int64_t there = std::min(kPanel, rows_ - first);
      std::fill(values + there * depth_, values + kPanel * depth_, 0.0F);
      for (std::int64_t i = 0; i < there;) {
        // A panel may have rows of both views.
        const std::int64_t row = first + i;
        const std::int64_t view = row / batch_;
        const std::int64_t count = std::min(there - i, (view + 1) * batch_ - row);
        kernels::normalize_rows(
            {.values = halves[view] + (row - view * batch_) * depth_,
             .count = count,
             .depth = depth_,
             .stride = depth_},
            scale_, {.values = values + i * depth_, .stride = depth_, .lengths = lengths + row});
        i += count;
      }
      const kernels::Rows rows{
          .values = values, .count = kPanel, .depth = depth_, .stride = depth_};
      kernels::pack_panels(rows, right + first * depth_);
      kernels::pack_slices(rows, padded_rows_, slices + first * kPanel);
      if (left != right) {
        std::transform(right + first * depth_, right + (first + kPanel) * depth_,
                       left + first * depth_, std::negate<>());
      }
    }
  });
}

// Calls body(block) for each tile on and above the diagonal; always the same tiles by the same
// thread, in the same order, so that sums have one.
template <typename Body>
void NTXentTiles::for_each_tile(Body body) const {
  at::parallel_for(0, threads_, 1, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t thread = from; thread < to; ++thread) {
      for (std::int64_t i = 0; i < tiles_; ++i) {
        // 0 1 2 2 1 0 0 1 2 ...: long rows of tiles and short ones for everybody.
        const std::int64_t turn = i % (2 * threads_);
        if (std::min(turn, 2 * threads_ - 1 - turn) != thread) {
          continue;
        }
        for (std::int64_t j = i; j < tiles_; ++j) {
          body(Block{.thread = thread,
                     .index = i * tiles_ - i * (i - 1) / 2 + j - i,
                     .first_row = i * tile_,
                     .first_column = j * tile_,
                     .rows = std::min(tile_, rows_ - i * tile_),
                     .columns = std::min(tile_, rows_ - j * tile_)});
        }
      }
    }
  });
}

kernels::Tile NTXentTiles::tile_of(const Block& block, float* values) const {
  return {.values = values,
          .rows = padded(block.rows),
          .columns = padded(block.columns),
          .stride = stride_};
}

// The similarities of a block; -infinity where a row meets itself and in padding columns.
void NTXentTiles::multiply(const Block& block, float* tile) const {
  const std::int64_t columns = padded(block.columns);
  kernels::multiply_tile(left_.const_data_ptr<float>() + block.first_row * depth_,
                         right_.const_data_ptr<float>() + block.first_column * depth_, depth_,
                         tile_of(block, tile));
  for (std::int64_t i = 0; i < padded(block.rows); ++i) {
    float* row = tile + i * stride_;
    std::fill(row + block.columns, row + columns, -kInfinity);
    if (block.on_diagonal()) {
      row[i] = -kInfinity;
    }
  }
}

void NTXentTiles::sum_exponentials() {
  at::Tensor maxima =
      at::full({threads_, padded_rows_}, is_bounded_ ? bound_ : -kInfinity, at::kFloat);
  at::Tensor sums = at::zeros({threads_, padded_rows_}, at::kDouble);
  at::Tensor scratch = kept_.defined() ? kept_ : floats(threads_ * tile_ * stride_);
  at::Tensor positives = floats(rows_);
  auto* positive = positives.mutable_data_ptr<float>();
  auto* tiles = scratch.mutable_data_ptr<float>();
  for_each_tile([&](const Block& block) {
    float* tile = tiles + (kept_.defined() ? block.index : block.thread) * tile_ * stride_;
    multiply(block, tile);
    // Where a row meets its partner.
    const std::int64_t offset = block.first_row + batch_ - block.first_column;
    for (std::int64_t i = 0; i < block.rows; ++i) {
      if (i + offset >= 0 && i + offset < block.columns) {
        positive[block.first_row + i] = tile[i * stride_ + i + offset];
        positive[block.first_column + i + offset] = tile[i * stride_ + i + offset];
      }
    }
    const auto sums_from = [&](std::int64_t row) {
      const std::int64_t at = block.thread * padded_rows_ + row;
      return kernels::LogSumExp{.maxima = maxima.mutable_data_ptr<float>() + at,
                                .sums = sums.mutable_data_ptr<double>() + at};
    };
    const kernels::Tile all = tile_of(block, tile);
    const kernels::LogSumExp of_rows = sums_from(block.first_row);
    const kernels::LogSumExp of_columns = sums_from(block.first_column);
    if (is_bounded_) {
      kernels::exponentiate(
          all, block.rows, bound_,
          {.of_rows = of_rows.sums, .of_columns = block.on_diagonal() ? nullptr : of_columns.sums});
      return;
    }
    kernels::add_rows(all, block.rows, of_rows);
    if (!block.on_diagonal()) {
      kernels::add_columns(all, block.rows, of_columns);
    }
  });

  normalizers_ = at::full({padded_rows_}, is_bounded_ ? 0.0F : kInfinity, at::kFloat);
  auto* normalizers = normalizers_.mutable_data_ptr<float>();
  const auto* maximum = maxima.const_data_ptr<float>();
  const auto* sum = sums.const_data_ptr<double>();
  for (std::int64_t row = 0; row < rows_; ++row) {
    float most = -kInfinity;
    for (std::int64_t at = row; at < threads_ * padded_rows_; at += padded_rows_) {
      most = std::max(most, maximum[at]);
    }
    double total = 0.0;
    for (std::int64_t at = row; at < threads_ * padded_rows_; at += padded_rows_) {
      total += sum[at] * std::exp(static_cast<double>(maximum[at]) - static_cast<double>(most));
    }
    const double log_sum = static_cast<double>(most) + std::log(total);
    normalizers[row] = static_cast<float>(is_bounded_ ? 1.0 / total : log_sum);
    loss_ += log_sum - static_cast<double>(positive[row]);
  }
  loss_ /= static_cast<double>(rows_);
}

// The rows behind the last one, of which only the last tile has some, get whatever weights: they
// are in no other row's gradient.
void NTXentTiles::weigh(const Block& block, float* weights) const {
  const kernels::Tile tile = tile_of(block, weights);
  const float* values = weights;
  if (kept_.defined()) {
    values = kept_.const_data_ptr<float>() + block.index * tile_ * stride_;
  } else {
    multiply(block, weights);
  }
  const auto* of_rows = normalizers_.const_data_ptr<float>() + block.first_row;
  const auto* of_columns = normalizers_.const_data_ptr<float>() + block.first_column;
  if (!is_bounded_) {
    kernels::two_sided_softmax(values, {.of_rows = of_rows, .of_columns = of_columns}, tile);
  } else if (kept_.defined()) {
    kernels::weigh_exponentials(values, {.of_rows = of_rows, .of_columns = of_columns}, tile);
  } else {
    kernels::weigh_similarities(values, bound_, {.of_rows = of_rows, .of_columns = of_columns},
                                tile);
  }
}

std::pair<at::Tensor, at::Tensor> NTXentTiles::gradient(double scale) const {
  const std::int64_t padded_depth = padded(depth_);
  const at::Tensor buffers = at::zeros({threads_, padded_rows_, padded_depth}, at::kFloat);
  const at::Tensor scratch = floats(threads_ * tile_ * stride_);
  const auto* slices = slices_.const_data_ptr<float>();
  auto* sums = buffers.mutable_data_ptr<float>();
  for_each_tile([&](const Block& block) {
    float* weights = scratch.mutable_data_ptr<float>() + block.thread * tile_ * stride_;
    weigh(block, weights);
    const kernels::Tile tile = tile_of(block, weights);
    const auto sum_from = [&](std::int64_t row) {
      return kernels::WeightedSum{
          .values = sums + (block.thread * padded_rows_ + row) * padded_depth,
          .stride = padded_depth,
          .slices = padded_depth / kPanel,
          .slice_stride = padded_rows_ * kPanel};
    };
    kernels::add_weighted_rows(tile, kernels::Sum::kColumns, slices + block.first_column * kPanel,
                               sum_from(block.first_row));
    if (!block.on_diagonal()) {
      kernels::add_weighted_rows(tile, kernels::Sum::kRows, slices + block.first_row * kPanel,
                                 sum_from(block.first_column));
    }
  });
  return {gradient_of_view(0, buffers, scale), gradient_of_view(1, buffers, scale)};
}

// From the weighted sums of normalized rows to the gradient by the rows that were normalized.
at::Tensor NTXentTiles::gradient_of_view(std::int64_t view, const at::Tensor& sums,
                                         double scale) const {
  const std::int64_t padded_depth = padded(depth_);
  const auto* slices = slices_.const_data_ptr<float>();
  const auto* lengths = lengths_.const_data_ptr<float>() + view * batch_;
  const auto* terms = sums.const_data_ptr<float>();
  const auto of_similarities =
      static_cast<float>(scale * sign_ * static_cast<double>(scale_) / static_cast<double>(rows_));
  const at::Tensor result = at::empty({batch_, depth_}, at::kFloat);
  auto* out = result.mutable_data_ptr<float>();
  at::parallel_for(0, batch_, 256, [&](std::int64_t from, std::int64_t to) {
    const at::Tensor rows = floats(2 * padded_depth);
    auto* unit = rows.mutable_data_ptr<float>();
    float* of_unit = unit + padded_depth;
    for (std::int64_t i = from; i < to; ++i) {
      const std::int64_t row = view * batch_ + i;
      const std::int64_t partner = (1 - view) * batch_ + i;
      std::copy_n(terms + row * padded_depth, padded_depth, of_unit);
      for (std::int64_t thread = 1; thread < threads_; ++thread) {
        const float* more = terms + (thread * padded_rows_ + row) * padded_depth;
        std::transform(more, more + padded_depth, of_unit, of_unit, std::plus<>());
      }
      for (std::int64_t k = 0; k < padded_depth; k += kPanel) {
        const float* z = slices + (k * padded_rows_ + row * kPanel);
        const float* of_partner = slices + (k * padded_rows_ + partner * kPanel);
        for (std::int64_t c = 0; c < kPanel; ++c) {
          unit[k + c] = z[c] / scale_;
          of_unit[k + c] -= 2.0F * of_partner[c];
        }
      }
      kernels::unnormalize_gradient({.values = unit, .count = 1, .depth = depth_, .stride = depth_},
                                    lengths + i, of_similarities,
                                    {.values = of_unit, .stride = depth_, .out = out + i * depth_});
    }
  });
  return result;
}

}  // namespace lightly::loss
