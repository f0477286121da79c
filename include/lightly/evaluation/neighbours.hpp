#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace lightly::evaluation {

struct NeighboursOptions {
  /// Neighbours of each query; in [1, M], or [1, M - 1] with `exclude`.
  std::int64_t k = 8;
  /// int64 [Q]: for each query the bank row that is left out, usually the query itself; undefined
  /// leaves none out.
  at::Tensor exclude = {};
  /// Queries of one tile, >= 1.
  std::int64_t query_tile = 1024;
  /// Bank rows of one tile, >= 1.
  std::int64_t bank_tile = 256;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// The bank rows most similar to each query, the most similar first.
struct Neighbours {
  /// int64 [Q, k], rows of the bank.
  at::Tensor indices;
  /// float32 [Q, k], descending.
  at::Tensor similarities;
};

/// Finds the k rows of `bank` [M, D] with the largest dot product with each row of `queries`
/// [Q, D]; both floating point on the CPU, computed in float32.
///
/// Rows of length 1 (torch's `normalize`) make the dot product the cosine. Equal similarities are
/// ordered by bank row, lowest first. The Q x M similarities never exist at once: each of
/// LibTorch's threads merges one tile of them after the other into the best k so far, so that
/// beyond inputs and result a thread takes at most query_tile * (4 * D + 16 * k + 8 * bank_tile +
/// 512)
/// + (bank_tile + 32) * (4 * D + 256) bytes. The result depends neither on the threads nor, but for
/// the last bit of a similarity, on the tile sizes. Throws c10::ValueError for shapes that do not
/// fit, values that are not finite, and a k larger than the bank.
Neighbours nearest_neighbours(const at::Tensor& queries, const at::Tensor& bank,
                              const NeighboursOptions& options = {});

}  // namespace lightly::evaluation
