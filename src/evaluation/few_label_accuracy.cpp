#include "lightly/evaluation/few_label_accuracy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

#include "evaluation/checks.hpp"
#include "lightly/core/check.hpp"
#include "lightly/core/random.hpp"

namespace lightly::evaluation {
namespace {

constexpr const char* kCallee = "few_label_accuracy";

// `count` of `rows`, without replacement: the head of a Fisher-Yates shuffle.
std::vector<std::int64_t> draw(std::vector<std::int64_t> rows, std::int64_t count,
                               core::Random& random) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    std::swap(rows[i], rows[i + random.below(rows.size() - i)]);
  }
  rows.resize(static_cast<std::size_t>(count));
  return rows;
}

}  // namespace

void FewLabelOptions::check() const {
  core::check_at_least(kCallee, "labels_per_class", labels_per_class, 1);
  core::check_at_least(kCallee, "draws", draws, 1);
}

FewLabelAccuracy few_label_accuracy(const Embeddings& queries, const Embeddings& bank,
                                    const FewLabelOptions& options) {
  options.check();
  const at::NoGradGuard no_grad;
  const at::Tensor features =
      normalized_rows(checked_features(kCallee, "queries", queries.features));
  const at::Tensor known = normalized_rows(checked_features(kCallee, "bank", bank.features));
  TORCH_CHECK_VALUE(features.size(1) == known.size(1), kCallee,
                    ": queries and bank must have rows of equal length, got ", features.sizes(),
                    " and ", known.sizes());
  constexpr std::int64_t kAnyClass = std::numeric_limits<std::int64_t>::max();
  const at::Tensor labels =
      checked_labels(kCallee, "labels of queries", queries.labels, features.size(0), kAnyClass);
  const at::Tensor known_labels =
      checked_labels(kCallee, "labels of the bank", bank.labels, known.size(0), kAnyClass);

  std::map<std::int64_t, std::vector<std::int64_t>> rows_of_class;
  for (std::int64_t i = 0; i < labels.size(0); ++i) {
    rows_of_class[labels.const_data_ptr<std::int64_t>()[i]];
  }
  for (std::int64_t i = 0; i < known_labels.size(0); ++i) {
    rows_of_class[known_labels.const_data_ptr<std::int64_t>()[i]].push_back(i);
  }
  std::vector<std::int64_t> classes;
  for (const auto& [label, rows] : rows_of_class) {
    TORCH_CHECK_VALUE(static_cast<std::int64_t>(rows.size()) >= options.labels_per_class, kCallee,
                      ": class ", label, " must have at least ", options.labels_per_class,
                      " images in the bank, got ", rows.size());
    classes.push_back(label);
  }
  const at::Tensor class_labels = at::tensor(classes);

  std::vector<double> accuracies;
  for (std::int64_t i = 0; i < options.draws; ++i) {
    std::vector<at::Tensor> centroids;
    for (const auto& [label, rows] : rows_of_class) {
      core::Random random({.seed = options.seed,
                           .epoch = static_cast<std::uint64_t>(i),
                           .index = static_cast<std::uint64_t>(label)});
      const at::Tensor drawn = at::tensor(draw(rows, options.labels_per_class, random));
      centroids.push_back(known.index_select(0, drawn).mean(0));
    }
    const at::Tensor cosines = at::mm(features, normalized_rows(at::stack(centroids)).t());
    const at::Tensor predicted = class_labels.index_select(0, cosines.argmax(1));
    accuracies.push_back(predicted.eq(labels).to(at::kDouble).mean().item<double>());
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
