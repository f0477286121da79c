#include "lightly/evaluation/neighbours.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include "core/kernels/tiles.hpp"
#include "core/tensor_rows.hpp"
#include "evaluation/checks.hpp"
#include "lightly/core/check.hpp"

namespace lightly::evaluation {
namespace {

namespace kernels = core::kernels;
using core::rows_of;
using kernels::padded;

// A candidate as one integer: the similarity in an order-preserving form above the complement of
// the bank row, so that a larger integer is a better neighbour and, among equals, the lower row.
using Candidate = std::uint64_t;

constexpr std::uint32_t kSignBit = 0x80000000U;

Candidate make_candidate(float similarity, std::uint32_t row) {
  const auto bits = std::bit_cast<std::uint32_t>(similarity + 0.0F);  // -0 becomes +0
  const std::uint32_t ordered = (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
  return (std::uint64_t{ordered} << 32) | (~row);
}

float similarity_of(Candidate candidate) {
  const auto ordered = static_cast<std::uint32_t>(candidate >> 32);
  return std::bit_cast<float>((ordered & kSignBit) != 0 ? ordered ^ kSignBit : ~ordered);
}

std::uint32_t row_of(Candidate candidate) {
  return ~static_cast<std::uint32_t>(candidate);
}

// Queries whose similarities to a tile of the bank are computed at a time.
constexpr std::int64_t kQueries = 64;

// The best candidates of one query so far, in no order: room for k, for as many again, so that the
// selection of the best k is paid for by k new ones, and for one tile more.
class Best {
 public:
  Best(std::int64_t k, kernels::Candidates found) : k_(k), found_(found) {}

  static std::int64_t capacity(std::int64_t k, std::int64_t tile) { return full(k) + tile; }

  // The next `count` rows of the bank, from first_row on, have these similarities.
  void merge(const float* similarities, std::int64_t count, std::int64_t first_row) {
    // Rows come in ascending order: one that only equals the k-th best loses to it.
    found_.count = kernels::append_above(similarities, count, threshold_,
                                         static_cast<std::uint32_t>(first_row), found_);
    if (found_.count > full(k_)) {
      threshold_ = kernels::keep_largest(found_, k_);
      found_.count = k_;
    }
  }

  // Leaves all that are left in order.
  void finish(std::vector<Candidate>& scratch) const {
    collect(scratch);
    std::sort(scratch.begin(), scratch.end(), std::greater<>());
  }

  void reset() {
    found_.count = 0;
    threshold_ = -std::numeric_limits<float>::infinity();
  }

 private:
  static std::int64_t full(std::int64_t k) { return 2 * k + 32; }

  void collect(std::vector<Candidate>& scratch) const {
    scratch.clear();
    for (std::int64_t i = 0; i < found_.count; ++i) {
      scratch.push_back(make_candidate(found_.values[i], found_.columns[i]));
    }
  }

  std::int64_t k_;
  kernels::Candidates found_;
  float threshold_ = -std::numeric_limits<float>::infinity();
};

// What one thread needs to search the bank for tiles of queries, one tile after the other.
class TileSearch {
 public:
  TileSearch(const at::Tensor& bank, std::int64_t query_tile, const NeighboursOptions& options)
      : bank_(bank),
        k_(options.k),
        bank_tile_(std::min(options.bank_tile, bank.size(0))),
        query_panels_(at::empty({padded(query_tile), bank.size(1)}, bank.options())),
        bank_panels_(at::empty({padded(bank_tile_), bank.size(1)}, bank.options())),
        similarities_(at::empty({kQueries, padded(bank_tile_)}, bank.options())) {
    const std::int64_t capacity = Best::capacity(k_, bank_tile_);
    values_.resize(static_cast<std::size_t>(query_tile * capacity));
    rows_.resize(values_.size());
    for (std::int64_t i = 0; i < query_tile; ++i) {
      best_.emplace_back(k_, kernels::Candidates{.values = values_.data() + i * capacity,
                                                 .columns = rows_.data() + i * capacity,
                                                 .count = 0});
    }
  }

  // Writes the best k of each row of `queries` to `indices` and `similarities` [rows, k];
  // `excluded` is null or holds a bank row for each query.
  void run(const at::Tensor& queries, const std::int64_t* excluded, std::int64_t* indices,
           float* similarities) {
    std::for_each(best_.begin(), best_.end(), [](Best& best) { best.reset(); });
    kernels::pack_panels(rows_of(queries), query_panels_.mutable_data_ptr<float>());
    for (std::int64_t first = 0; first < bank_.size(0); first += bank_tile_) {
      const std::int64_t width = std::min(bank_tile_, bank_.size(0) - first);
      kernels::pack_panels(rows_of(bank_.narrow(0, first, width)),
                           bank_panels_.mutable_data_ptr<float>());
      for (std::int64_t query = 0; query < queries.size(0); query += kQueries) {
        const std::int64_t count = std::min(kQueries, queries.size(0) - query);
        merge({.query = query, .count = count, .first_row = first, .rows = width},
              excluded == nullptr ? nullptr : excluded + query);
      }
    }
    for (std::int64_t i = 0; i < queries.size(0); ++i) {
      write_out(i, indices + i * k_, similarities + i * k_);
    }
  }

 private:
  struct Part {
    std::int64_t query;
    std::int64_t count;
    std::int64_t first_row;
    std::int64_t rows;
  };

  void merge(const Part& part, const std::int64_t* excluded) {
    const std::int64_t depth = bank_.size(1);
    const std::int64_t stride = similarities_.size(1);
    auto* values = similarities_.mutable_data_ptr<float>();
    kernels::multiply_tile(query_panels_.const_data_ptr<float>() + part.query * depth,
                           bank_panels_.const_data_ptr<float>(), depth,
                           {.values = values,
                            .rows = padded(part.count),
                            .columns = padded(part.rows),
                            .stride = stride});
    for (std::int64_t i = 0; i < part.count; ++i) {
      const std::int64_t column = excluded == nullptr ? -1 : excluded[i] - part.first_row;
      if (column >= 0 && column < part.rows) {
        values[i * stride + column] = -std::numeric_limits<float>::infinity();
      }
      best_[static_cast<std::size_t>(part.query + i)].merge(values + i * stride, part.rows,
                                                            part.first_row);
    }
  }

  void write_out(std::int64_t query, std::int64_t* indices, float* similarities) {
    best_[static_cast<std::size_t>(query)].finish(scratch_);
    for (std::int64_t j = 0; j < k_; ++j) {
      indices[j] = row_of(scratch_[static_cast<std::size_t>(j)]);
      similarities[j] = similarity_of(scratch_[static_cast<std::size_t>(j)]);
    }
  }

  const at::Tensor& bank_;
  std::int64_t k_;
  std::int64_t bank_tile_;
  at::Tensor query_panels_;
  at::Tensor bank_panels_;
  at::Tensor similarities_;
  std::vector<float> values_;
  std::vector<std::uint32_t> rows_;
  std::vector<Best> best_;
  std::vector<Candidate> scratch_;
};

}  // namespace

void NeighboursOptions::check() const {
  core::check_at_least("nearest_neighbours", "k", k, 1);
  core::check_at_least("nearest_neighbours", "query_tile", query_tile, 1);
  core::check_at_least("nearest_neighbours", "bank_tile", bank_tile, 1);
}

Neighbours nearest_neighbours(const at::Tensor& queries, const at::Tensor& bank,
                              const NeighboursOptions& options) {
  options.check();
  const at::NoGradGuard no_grad;
  const at::Tensor left = checked_features("nearest_neighbours", "queries", queries);
  const at::Tensor right = checked_features("nearest_neighbours", "bank", bank);
  TORCH_CHECK_VALUE(left.size(1) == right.size(1),
                    "nearest_neighbours: queries and bank must have rows of equal length, got ",
                    left.sizes(), " and ", right.sizes());
  const std::int64_t count = left.size(0);
  const std::int64_t rows = right.size(0);
  TORCH_CHECK_VALUE(rows <= std::numeric_limits<std::uint32_t>::max(),
                    "nearest_neighbours: bank must have fewer than 2^32 rows, got ", rows);
  // No sum of some products of two rows is above the product of their lengths.
  TORCH_CHECK_VALUE(longest_row(left) * longest_row(right) < std::numeric_limits<float>::max(),
                    "nearest_neighbours: similarities must be finite, the features are too large");
  const bool exclude = options.exclude.defined();
  TORCH_CHECK_VALUE(options.k <= rows - (exclude ? 1 : 0),
                    "nearest_neighbours: k must be at most the number of bank rows",
                    exclude ? " less the one left out, " : ", ", rows - (exclude ? 1 : 0), ", got ",
                    options.k);
  const at::Tensor excluded =
      exclude ? checked_labels("nearest_neighbours", "exclude", options.exclude, count, rows)
              : at::Tensor();

  const std::int64_t k = options.k;
  Neighbours result{.indices = at::empty({count, k}, left.options().dtype(at::kLong)),
                    .similarities = at::empty({count, k}, left.options())};
  const auto* excluded_rows = exclude ? excluded.const_data_ptr<std::int64_t>() : nullptr;
  auto* indices = result.indices.mutable_data_ptr<std::int64_t>();
  auto* similarities = result.similarities.mutable_data_ptr<float>();
  // Threads share nothing but the inputs: one that waits at every tile for the others would lose
  // more than the products gain.
  const std::int64_t query_tile = std::min(options.query_tile, count);
  const std::int64_t tiles = (count + query_tile - 1) / query_tile;
  at::parallel_for(0, tiles, 1, [&](std::int64_t from, std::int64_t to) {
    TileSearch search(right, query_tile, options);
    for (std::int64_t tile = from; tile < to; ++tile) {
      const std::int64_t begin = tile * query_tile;
      search.run(left.narrow(0, begin, std::min(query_tile, count - begin)),
                 exclude ? excluded_rows + begin : nullptr, indices + begin * k,
                 similarities + begin * k);
    }
  });
  return result;
}

}  // namespace lightly::evaluation
