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

void leave_out(const std::int64_t* excluded, std::int64_t first_row, at::Tensor& tile) {
  float* similarities = tile.mutable_data_ptr<float>();
  const std::int64_t columns = tile.size(1);
  for (std::int64_t i = 0; i < tile.size(0); ++i) {
    const std::int64_t column = excluded[i] - first_row;
    if (column >= 0 && column < columns) {
      similarities[i * columns + column] = -std::numeric_limits<float>::infinity();
    }
  }
}

void write_out(Best& best, std::int64_t k, const Candidate* storage, std::int64_t* indices,
               float* similarities) {
  const std::int64_t found = best.finish();
  // Finite features reach an infinite or undefined similarity only by overflow.
  TORCH_CHECK_VALUE(found == k && std::isfinite(similarity_of(storage[0])),
                    "nearest_neighbours: similarities must be finite, the features are too large");
  for (std::int64_t j = 0; j < k; ++j) {
    indices[j] = row_of(storage[j]);
    similarities[j] = similarity_of(storage[j]);
  }
}

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
  const std::int64_t query_tile = std::min(options.query_tile, count);
  const std::int64_t bank_tile = std::min(options.bank_tile, rows);
  const std::int64_t capacity = Best::capacity(k);
  std::vector<Candidate> storage(static_cast<std::size_t>(query_tile * capacity));
  std::vector<Best> best;
  for (std::int64_t i = 0; i < query_tile; ++i) {
    best.emplace_back(k, storage.data() + i * capacity, capacity);
  }
  at::Tensor buffer = at::empty({query_tile * bank_tile}, left.options());
  Neighbours result{.indices = at::empty({count, k}, left.options().dtype(at::kLong)),
                    .similarities = at::empty({count, k}, left.options())};
  auto* indices = result.indices.mutable_data_ptr<std::int64_t>();
  auto* similarities = result.similarities.mutable_data_ptr<float>();

  for (std::int64_t begin = 0; begin < count; begin += query_tile) {
    const std::int64_t height = std::min(query_tile, count - begin);
    const at::Tensor block = left.narrow(0, begin, height);
    std::for_each(best.begin(), best.end(), [](Best& row) { row.reset(); });
    for (std::int64_t first = 0; first < rows; first += bank_tile) {
      const std::int64_t width = std::min(bank_tile, rows - first);
      at::Tensor tile = buffer.narrow(0, 0, height * width).view({height, width});
      at::mm_out(tile, block, right.narrow(0, first, width).t());
      if (exclude) {
        leave_out(excluded.const_data_ptr<std::int64_t>() + begin, first, tile);
      }
      const float* values = tile.const_data_ptr<float>();
      at::parallel_for(0, height, 16, [&](std::int64_t from, std::int64_t to) {
        for (std::int64_t i = from; i < to; ++i) {
          best[static_cast<std::size_t>(i)].merge(values + i * width, width, first);
        }
      });
    }
    at::parallel_for(0, height, 16, [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to; ++i) {
        write_out(best[static_cast<std::size_t>(i)], k, storage.data() + i * capacity,
                  indices + (begin + i) * k, similarities + (begin + i) * k);
      }
    });
  }
  return result;
}

}  // namespace lightly::evaluation
