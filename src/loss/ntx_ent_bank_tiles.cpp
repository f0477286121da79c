#include "loss/ntx_ent_bank_tiles.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "core/kernels/tiles.hpp"
#include "core/tensor_rows.hpp"

namespace lightly::loss {
namespace {

namespace kernels = core::kernels;
using core::rows_of;
using kernels::kInfinity;
using kernels::kPanel;
using kernels::padded;

/// Queries and bank rows of a tile.
constexpr std::int64_t kTile = 256;

void scale_row(float* row, std::int64_t depth, float factor) {
  std::transform(row, row + depth, row, [factor](float value) { return value * factor; });
}

}  // namespace

NTXentBankTiles::Normalized::Normalized(const at::Tensor& rows, double scale)
    : units(at::empty(rows.sizes(), at::kFloat)), lengths(at::empty({rows.size(0)}, at::kFloat)) {
  kernels::normalize_rows(rows_of(rows), static_cast<float>(scale),
                          {.values = units.mutable_data_ptr<float>(),
                           .stride = rows.size(1),
                           .lengths = lengths.mutable_data_ptr<float>()});
}

NTXentBankTiles::NTXentBankTiles(const at::Tensor& out0, const at::Tensor& out1,
                                 const at::Tensor& bank, const Options& options)
    : batch_(out0.size(0)),
      depth_(out0.size(1)),
      temperature_(options.temperature),
      queries_(out0, 1.0 / temperature_),
      keys_(out1, 1.0),
      query_panels_(at::empty({padded(batch_), depth_}, at::kFloat)),
      positives_(at::empty({batch_}, at::kFloat)) {
  kernels::pack_panels(rows_of(queries_.units), query_panels_.mutable_data_ptr<float>());
  const auto* queries = queries_.units.const_data_ptr<float>();
  const auto* keys = keys_.units.const_data_ptr<float>();
  for (std::int64_t i = 0; i < batch_; ++i) {
    positives_.mutable_data_ptr<float>()[i] = static_cast<float>(std::inner_product(
        queries + i * depth_, queries + (i + 1) * depth_, keys + i * depth_, 0.0));
  }

  const std::int64_t tiles = (bank.size(0) + kTile - 1) / kTile;
  const std::int64_t threads = std::min<std::int64_t>(at::get_num_threads(), tiles);
  std::vector<Partial> partials(static_cast<std::size_t>(threads));
  // Always the same part of the bank by the same thread, so that sums have one order.
  at::parallel_for(0, threads, 1, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t thread = from; thread < to; ++thread) {
      Partial& partial = partials[static_cast<std::size_t>(thread)];
      partial.maxima = at::full({batch_}, -kInfinity, at::kFloat);
      partial.sums = at::zeros({batch_}, at::kDouble);
      partial.panels = at::empty({kTile * depth_}, at::kFloat);
      partial.slices = at::empty({kTile * padded(depth_)}, at::kFloat);
      partial.tile = at::empty({kTile * kTile + kTile}, at::kFloat);
      if (options.with_gradient) {
        partial.weighted = at::zeros({padded(batch_), padded(depth_)}, at::kFloat);
      }
      for (std::int64_t tile = tiles * thread / threads; tile < tiles * (thread + 1) / threads;
           ++tile) {
        visit(bank, tile * kTile, std::min((tile + 1) * kTile, bank.size(0)), partial);
      }
    }
  });
  merge(partials, options.with_gradient);
}

// Adds the rows [first, last) of the bank.
void NTXentBankTiles::visit(const at::Tensor& bank, std::int64_t first, std::int64_t last,
                            Partial& partial) const {
  const std::int64_t columns = padded(last - first);
  const std::int64_t padded_depth = padded(depth_);
  const kernels::Rows rows = rows_of(bank.narrow(0, first, last - first));
  const bool with_gradient = partial.weighted.defined();
  auto* panels = partial.panels.mutable_data_ptr<float>();
  auto* slices = partial.slices.mutable_data_ptr<float>();
  kernels::pack_panels(rows, panels);
  if (with_gradient) {
    if (rows.count < columns) {
      partial.slices.zero_();  // the rows that are missing
    }
    kernels::pack_slices(rows, columns, slices);
  }
  auto* values = partial.tile.mutable_data_ptr<float>();
  float* factors = values + kTile * kTile;
  for (std::int64_t query = 0; query < batch_; query += kTile) {
    const std::int64_t count = std::min(kTile, batch_ - query);
    const kernels::Tile tile{
        .values = values, .rows = padded(count), .columns = columns, .stride = kTile};
    kernels::multiply_tile(query_panels_.const_data_ptr<float>() + query * depth_, panels, depth_,
                           tile);
    for (std::int64_t i = 0; i < count; ++i) {
      std::fill(values + i * kTile + rows.count, values + i * kTile + columns, -kInfinity);
    }
    const kernels::LogSumExp sums{.maxima = partial.maxima.mutable_data_ptr<float>() + query,
                                  .sums = partial.sums.mutable_data_ptr<double>() + query};
    if (!with_gradient) {
      kernels::add_rows(tile, count, sums);
      continue;
    }
    kernels::add_rows_in_place(tile, count, sums, factors);
    float* weighted = partial.weighted.mutable_data_ptr<float>() + query * padded_depth;
    for (std::int64_t i = 0; i < count; ++i) {
      if (factors[i] != 1.0F) {
        scale_row(weighted + i * padded_depth, padded_depth, factors[i]);
      }
    }
    kernels::add_weighted_rows(tile, kernels::Sum::kColumns, slices,
                               {.values = weighted,
                                .stride = padded_depth,
                                .slices = padded_depth / kPanel,
                                .slice_stride = columns * kPanel});
  }
}

// One row after the other, the threads in their order.
void NTXentBankTiles::merge(const std::vector<Partial>& partials, bool with_gradient) {
  if (with_gradient) {
    of_queries_ = at::zeros({batch_, depth_}, at::kFloat);
    of_keys_ = at::empty({batch_, depth_}, at::kFloat);
  }
  const auto* queries = queries_.units.const_data_ptr<float>();
  const auto* keys = keys_.units.const_data_ptr<float>();
  for (std::int64_t i = 0; i < batch_; ++i) {
    const auto positive = static_cast<double>(positives_.const_data_ptr<float>()[i]);
    double most = positive;
    for (const Partial& partial : partials) {
      most = std::max(most, static_cast<double>(partial.maxima.const_data_ptr<float>()[i]));
    }
    const auto weight = [&](const Partial& partial) {
      return std::exp(static_cast<double>(partial.maxima.const_data_ptr<float>()[i]) - most);
    };
    double sum = std::exp(positive - most);
    for (const Partial& partial : partials) {
      sum += partial.sums.const_data_ptr<double>()[i] * weight(partial);
    }
    loss_ += most + std::log(sum) - positive;
    if (!with_gradient) {
      continue;
    }
    const auto surprise = static_cast<float>(std::exp(positive - most) / sum - 1.0);
    float* of_query = of_queries_.mutable_data_ptr<float>() + i * depth_;
    float* of_key = of_keys_.mutable_data_ptr<float>() + i * depth_;
    for (std::int64_t k = 0; k < depth_; ++k) {
      of_query[k] = surprise * keys[i * depth_ + k];
      of_key[k] = surprise * queries[i * depth_ + k];
    }
    for (const Partial& partial : partials) {
      const auto share = static_cast<float>(weight(partial) / sum);
      const float* row = partial.weighted.const_data_ptr<float>() + i * padded(depth_);
      for (std::int64_t k = 0; k < depth_; ++k) {
        of_query[k] += share * row[k];
      }
    }
  }
  loss_ /= static_cast<double>(batch_);
}

std::pair<at::Tensor, at::Tensor> NTXentBankTiles::gradient(double scale) const {
  const double per_row = scale / static_cast<double>(batch_);
  const auto by_rows = [&](const Normalized& rows, const at::Tensor& units,
                           const at::Tensor& of_units, double factor) {
    at::Tensor result = at::empty(units.sizes(), at::kFloat);
    kernels::unnormalize_gradient(rows_of(units), rows.lengths.const_data_ptr<float>(),
                                  static_cast<float>(factor),
                                  {.values = of_units.const_data_ptr<float>(),
                                   .stride = depth_,
                                   .out = result.mutable_data_ptr<float>()});
    return result;
  };
  // The queries carry 1 / temperature already.
  return {by_rows(queries_, queries_.units * temperature_, of_queries_, per_row / temperature_),
          by_rows(keys_, keys_.units, of_keys_, per_row)};
}

}  // namespace lightly::loss
