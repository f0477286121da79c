#include "lightly/evaluation/few_label_accuracy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

#include "core/tensor_rows.hpp"
#include "evaluation/checks.hpp"
#include "lightly/core/check.hpp"
#include "lightly/core/random.hpp"
#include "lightly/evaluation/knn.hpp"

namespace lightly::evaluation {
namespace {

using RowsOfClass = std::map<std::int64_t, std::vector<std::int64_t>>;

constexpr const char* kFewLabelAccuracy = "few_label_accuracy";

// `count` of `rows`, without replacement: the head of a Fisher-Yates shuffle.
std::vector<std::int64_t> draw(std::vector<std::int64_t> rows, std::int64_t count,
                               core::Random& random) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    std::swap(rows[i], rows[i + random.below(rows.size() - i)]);
  }
  rows.resize(static_cast<std::size_t>(count));
  return rows;
}

at::Tensor numbered(const at::Tensor& labels, const RowsOfClass& rows_of_class) {
  std::map<std::int64_t, std::int64_t> number_of_label;
  for (const auto& [label, rows] : rows_of_class) {
    number_of_label.emplace(label, static_cast<std::int64_t>(number_of_label.size()));
  }
  at::Tensor numbers = labels.clone();
  auto* values = numbers.mutable_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < numbers.size(0); ++i) {
    values[i] = number_of_label.at(values[i]);
  }
  return numbers;
}

}  // namespace

void FewLabelOptions::check() const {
  core::check_at_least(kFewLabelAccuracy, "labels_per_class", labels_per_class, 1);
  core::check_positive(kFewLabelAccuracy, "knn_t", knn_t);
  core::check_at_least(kFewLabelAccuracy, "draws", draws, 1);
}

FewLabelAccuracy few_label_accuracy(const Embeddings& queries, const Embeddings& bank,
                                    const FewLabelOptions& options) {
  options.check();
  const at::NoGradGuard no_grad;
  const at::Tensor features =
      core::normalized_rows(checked_features(kFewLabelAccuracy, "queries", queries.features));
  const at::Tensor known =
      core::normalized_rows(checked_features(kFewLabelAccuracy, "bank", bank.features));
  TORCH_CHECK_VALUE(features.size(1) == known.size(1), kFewLabelAccuracy,
                    ": queries and bank must have rows of equal length, got ", features.sizes(),
                    " and ", known.sizes());
  constexpr std::int64_t kAnyClass = std::numeric_limits<std::int64_t>::max();
  const at::Tensor labels = checked_labels(kFewLabelAccuracy, "labels of queries", queries.labels,
                                           features.size(0), kAnyClass);
  const at::Tensor known_labels = checked_labels(kFewLabelAccuracy, "labels of the bank",
                                                 bank.labels, known.size(0), kAnyClass);

  RowsOfClass rows_of_class;
  for (std::int64_t i = 0; i < labels.size(0); ++i) {
    rows_of_class[labels.const_data_ptr<std::int64_t>()[i]];
  }
  for (std::int64_t i = 0; i < known_labels.size(0); ++i) {
    rows_of_class[known_labels.const_data_ptr<std::int64_t>()[i]].push_back(i);
  }
  for (const auto& [label, rows] : rows_of_class) {
    TORCH_CHECK_VALUE(static_cast<std::int64_t>(rows.size()) >= options.labels_per_class,
                      kFewLabelAccuracy, ": class ", label, " must have at least ",
                      options.labels_per_class, " images in the bank, got ", rows.size());
  }
  // Labels need not be dense: classes are numbered in ascending order of their labels.
  const at::Tensor classes = numbered(labels, rows_of_class);
  const at::Tensor known_classes = numbered(known_labels, rows_of_class);

  std::vector<double> accuracies;
  for (std::int64_t i = 0; i < options.draws; ++i) {
    std::vector<std::int64_t> drawn;
    for (const auto& [label, rows] : rows_of_class) {
      core::Random random({.seed = options.seed,
                           .epoch = static_cast<std::uint64_t>(i),
                           .index = static_cast<std::uint64_t>(label)});
      const auto some = draw(rows, options.labels_per_class, random);
      drawn.insert(drawn.end(), some.begin(), some.end());
    }
    const at::Tensor rows = at::tensor(drawn);
    const at::Tensor ranking =
        knn_predict(features, known.index_select(0, rows), known_classes.index_select(0, rows),
                    {.num_classes = static_cast<std::int64_t>(rows_of_class.size()),
                     .knn_k = options.labels_per_class,
                     .knn_t = options.knn_t});
    accuracies.push_back(ranking.select(1, 0).eq(classes).to(at::kDouble).mean().item<double>());
  }
  FewLabelAccuracy result;
  const auto count = static_cast<double>(accuracies.size());
  for (const double accuracy : accuracies) {
    result.mean += accuracy / count;
  }
  for (const double accuracy : accuracies) {
    const double difference = accuracy - result.mean;
    result.std += difference * difference / std::max(count - 1.0, 1.0);
  }
  result.std = std::sqrt(result.std);
  return result;
}

}  // namespace lightly::evaluation
