#include "lightly/evaluation/knn.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "core/tensor_rows.hpp"
#include "evaluation/checks.hpp"
#include "lightly/core/check.hpp"
#include "lightly/evaluation/neighbours.hpp"

namespace lightly::evaluation {

void KnnOptions::check() const {
  core::check_at_least("knn_predict", "num_classes", num_classes, 1);
  core::check_at_least("knn_predict", "knn_k", knn_k, 1);
  core::check_positive("knn_predict", "knn_t", knn_t);
  core::check_at_least("knn_predict", "query_tile", query_tile, 1);
  core::check_at_least("knn_predict", "bank_tile", bank_tile, 1);
}

at::Tensor knn_predict(const at::Tensor& features, const at::Tensor& feature_bank,
                       const at::Tensor& feature_labels, const KnnOptions& options) {
  options.check();
  const at::Tensor bank = checked_features("knn_predict", "feature_bank", feature_bank);
  const at::Tensor labels = checked_labels("knn_predict", "feature_labels", feature_labels,
                                           bank.size(0), options.num_classes);
  TORCH_CHECK_VALUE(options.knn_k <= bank.size(0),
                    "knn_predict: knn_k must be at most the number of bank rows, ", bank.size(0),
                    ", got ", options.knn_k);
  const Neighbours near = nearest_neighbours(
      features, bank,
      {.k = options.knn_k, .query_tile = options.query_tile, .bank_tile = options.bank_tile});
  const std::int64_t count = near.indices.size(0);
  const std::int64_t classes = options.num_classes;
  at::Tensor ranking = at::empty({count, classes}, labels.options());
  const auto* label = labels.const_data_ptr<std::int64_t>();
  const auto* indices = near.indices.const_data_ptr<std::int64_t>();
  const auto* similarities = near.similarities.const_data_ptr<float>();
  auto* ranked = ranking.mutable_data_ptr<std::int64_t>();
  at::parallel_for(0, count, 64, [&](std::int64_t from, std::int64_t to) {
    std::vector<double> scores(static_cast<std::size_t>(classes));
    for (std::int64_t i = from; i < to; ++i) {
      std::fill(scores.begin(), scores.end(), 0.0);
      const float* row = similarities + i * options.knn_k;
      for (std::int64_t j = 0; j < options.knn_k; ++j) {
        const double distance = static_cast<double>(row[j]) - static_cast<double>(row[0]);
        const std::int64_t voted = label[indices[i * options.knn_k + j]];
        scores[static_cast<std::size_t>(voted)] += std::exp(distance / options.knn_t);
      }
      std::int64_t* order = ranked + i * classes;
      std::iota(order, order + classes, std::int64_t{0});
      std::stable_sort(order, order + classes, [&](std::int64_t a, std::int64_t b) {
        return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
      });
    }
  });
  return ranking;
}

double knn_accuracy(const Embeddings& queries, const Embeddings& bank, const KnnOptions& options) {
  options.check();
  const at::NoGradGuard no_grad;
  const at::Tensor features = checked_features("knn_accuracy", "queries", queries.features);
  const at::Tensor bank_features = checked_features("knn_accuracy", "bank", bank.features);
  const at::Tensor labels = checked_labels("knn_accuracy", "labels of queries", queries.labels,
                                           features.size(0), options.num_classes);
  const at::Tensor ranking = knn_predict(
      core::normalized_rows(features), core::normalized_rows(bank_features), bank.labels, options);
  return ranking.select(1, 0).eq(labels).to(at::kDouble).mean().item<double>();
}

}  // namespace lightly::evaluation
