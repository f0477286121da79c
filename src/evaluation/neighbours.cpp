#include "lightly/evaluation/neighbours.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <c10/util/Exception.h>

#include "evaluation/checks.hpp"
#include "lightly/core/check.hpp"

namespace lightly::evaluation {
namespace {

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

// The best candidates of one query so far, unordered: room for k and as many again, so that the
// selection of the best k is paid for by k insertions.
class Best {
 public:
  Best(std::int64_t k, Candidate* storage, std::int64_t capacity)
      : k_(k), capacity_(capacity), storage_(storage) {}

  static std::int64_t capacity(std::int64_t k) { return 2 * k + 32; }

  void merge(const float* similarities, std::int64_t count, std::int64_t first_row) {
    constexpr std::int64_t kBlock = 16;
    std::int64_t i = 0;
    for (; i + kBlock <= count; i += kBlock) {
      int above = 0;
      for (std::int64_t j = 0; j < kBlock; ++j) {
        above |= static_cast<int>(similarities[i + j] > threshold_);
      }
      if (above != 0) {
        insert(similarities + i, kBlock, first_row + i);
      }
    }
    insert(similarities + i, count - i, first_row + i);
  }

  // Leaves the best k in order; returns how many there are.
  std::int64_t finish() {
    std::sort(storage_, storage_ + size_, std::greater<>());
    return std::min(size_, k_);
  }

  void reset() {
    size_ = 0;
    threshold_ = -std::numeric_limits<float>::infinity();
  }

 private:
  void insert(const float* similarities, std::int64_t count, std::int64_t first_row) {
    for (std::int64_t j = 0; j < count; ++j) {
      // Rows come in ascending order: one that only equals the k-th best loses to it.
      if (similarities[j] > threshold_) {
        storage_[size_++] =
            make_candidate(similarities[j], static_cast<std::uint32_t>(first_row + j));
        if (size_ == capacity_) {
          std::nth_element(storage_, storage_ + k_ - 1, storage_ + size_, std::greater<>());
          size_ = k_;
          threshold_ = similarity_of(storage_[k_ - 1]);
        }
      }
    }
  }

  std::int64_t k_;
  std::int64_t capacity_;
  Candidate* storage_;
  std::int64_t size_ = 0;
  float threshold_ = -std::numeric_limits<float>::infinity();
};

// What one thread needs to search the bank for tiles of queries, one tile after the other.
class TileSearch {
 public:
  TileSearch(const at::Tensor& bank, std::int64_t query_tile, const NeighboursOptions& options)
      : bank_(bank),
        k_(options.k),
        bank_tile_(std::min(options.bank_tile, bank.size(0))),
        storage_(static_cast<std::size_t>(query_tile * Best::capacity(k_))),
        similarities_(at::empty({query_tile * bank_tile_}, bank.options())) {
    for (std::int64_t i = 0; i < query_tile; ++i) {
      best_.emplace_back(k_, storage_.data() + i * Best::capacity(k_), Best::capacity(k_));
    }
  }

  // Writes the best k of each row of `queries` to `indices` and `similarities` [rows, k];
  // `excluded` is null or holds a bank row for each query.
  void run(const at::Tensor& queries, const std::int64_t* excluded, std::int64_t* indices,
           float* similarities) {
    const std::int64_t height = queries.size(0);
    const std::int64_t rows = bank_.size(0);
    std::for_each(best_.begin(), best_.end(), [](Best& best) { best.reset(); });
    for (std::int64_t first = 0; first < rows; first += bank_tile_) {
      const std::int64_t width = std::min(bank_tile_, rows - first);
      at::Tensor tile = similarities_.narrow(0, 0, height * width).view({height, width});
      at::mm_out(tile, queries, bank_.narrow(0, first, width).t());
      auto* values = tile.mutable_data_ptr<float>();
      for (std::int64_t i = 0; i < height; ++i) {
        const std::int64_t column = excluded == nullptr ? -1 : excluded[i] - first;
        if (column >= 0 && column < width) {
          values[i * width + column] = -std::numeric_limits<float>::infinity();
        }
        best_[static_cast<std::size_t>(i)].merge(values + i * width, width, first);
      }
    }
    for (std::int64_t i = 0; i < height; ++i) {
      write_out(i, indices + i * k_, similarities + i * k_);
    }
  }

 private:
  void write_out(std::int64_t query, std::int64_t* indices, float* similarities) {
    const Candidate* found = storage_.data() + query * Best::capacity(k_);
    const std::int64_t count = best_[static_cast<std::size_t>(query)].finish();
    // Finite features reach an infinite or undefined similarity only by overflow.
    TORCH_CHECK_VALUE(
        count == k_ && std::isfinite(similarity_of(found[0])),
        "nearest_neighbours: similarities must be finite, the features are too large");
    for (std::int64_t j = 0; j < k_; ++j) {
      indices[j] = row_of(found[j]);
      similarities[j] = similarity_of(found[j]);
    }
  }

  const at::Tensor& bank_;
  std::int64_t k_;
  std::int64_t bank_tile_;
  std::vector<Candidate> storage_;
  std::vector<Best> best_;
  at::Tensor similarities_;
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
