#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "lightly/evaluation/embeddings.hpp"

namespace lightly::evaluation {

struct KnnOptions {
  /// Number of classes C; labels lie in [0, C). Has no default.
  std::int64_t num_classes = 0;
  /// Neighbours that vote, in [1, M].
  std::int64_t knn_k = 200;
  /// Temperature of the votes, > 0.
  double knn_t = 0.1;
  /// Queries and bank rows of one tile of similarities; see NeighboursOptions.
  std::int64_t query_tile = 1024;
  std::int64_t bank_tile = 256;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// Ranks the classes of each row of `features` [N, D] by the votes of its k nearest rows of
/// `feature_bank` [M, D]: int64 [N, C], the likeliest class first.
///
/// A neighbour of similarity s (dot product) votes for its label of `feature_labels` (int64 [M])
/// with weight exp(s / t). Equal scores are ordered by class, lowest first. As lightly 1.6:
/// utils.benchmarking.knn_predict; differs: the bank holds one vector a row (there: D x M), is
/// streamed in tiles (nearest_neighbours says how much memory that takes; the votes add 12 * k
/// bytes a query), and the weights are exp((s - largest s) / t), which ranks the same and is finite
/// for every t. [0] Unsupervised Feature Learning via Non-Parametric Instance Discrimination, 2018,
/// arXiv:1805.01978. Throws c10::ValueError as nearest_neighbours does, and for labels outside
/// [0, C).
at::Tensor knn_predict(const at::Tensor& features, const at::Tensor& feature_bank,
                       const at::Tensor& feature_labels, const KnnOptions& options);

/// The fraction of `queries` whose likeliest class by knn_predict is their label, in [0, 1].
///
/// The features of both are scaled to length 1 first, as lightly's BenchmarkModule does before it
/// calls knn_predict. Throws c10::ValueError as knn_predict does.
double knn_accuracy(const Embeddings& queries, const Embeddings& bank, const KnnOptions& options);

}  // namespace lightly::evaluation
