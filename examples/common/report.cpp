#include "common/report.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include <ATen/ops/tensor.h>
#include <torch/nn/functional/normalization.h>

#include "lightly/evaluation/embed.hpp"
#include "lightly/evaluation/knn.hpp"
#include "lightly/evaluation/neighbours.hpp"
#include "lightly/media/contact_sheet.hpp"
#include "lightly/media/image_io.hpp"

namespace lightly::examples {
namespace {

constexpr std::int64_t kQueries = 10;
constexpr std::int64_t kNeighbours = 8;

std::int64_t count_classes(const evaluation::Embeddings& embeddings) {
  return embeddings.labels.max().item<std::int64_t>() + 1;
}

// The first test image of each class, as far as there are ten.
std::vector<std::int64_t> one_a_class(const at::Tensor& labels) {
  std::vector<std::int64_t> chosen;
  std::vector<std::int64_t> seen;
  const auto values = labels.accessor<std::int64_t, 1>();
  for (std::int64_t i = 0; i < values.size(0) && std::ssize(chosen) < kQueries; ++i) {
    if (std::find(seen.begin(), seen.end(), values[i]) == seen.end()) {
      seen.push_back(values[i]);
      chosen.push_back(i);
    }
  }
  return chosen;
}

// One row a query: the query, then its neighbours.
std::vector<std::vector<media::SheetCell>> neighbour_rows(
    const SmallImages& images, const Scores& scores, const std::vector<std::int64_t>& queries) {
  namespace F = torch::nn::functional;
  const at::Tensor features = F::normalize(scores.test.features, F::NormalizeFuncOptions().dim(1));
  const at::Tensor rows = at::tensor(queries);
  const auto found = evaluation::nearest_neighbours(features.index_select(0, rows), features,
                                                    {.k = kNeighbours, .exclude = rows});
  const auto indices = found.indices.accessor<std::int64_t, 2>();
  std::vector<std::vector<media::SheetCell>> cells;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const data::Sample query = images.test->get(queries[q]);
    auto& row = cells.emplace_back();
    row.push_back({.image = query.image});
    for (std::int64_t k = 0; k < kNeighbours; ++k) {
      const data::Sample sample = images.test->get(indices[static_cast<std::int64_t>(q)][k]);
      const media::Color green{40, 160, 60};
      const media::Color red{210, 50, 40};
      row.push_back({.image = sample.image, .frame = sample.target == query.target ? green : red});
    }
  }
  return cells;
}

}  // namespace

Scores evaluate(const models::Backbone& backbone, const SmallImages& images, c10::Device device,
                training::Precision precision) {
  evaluation::EmbedOptions options{.device = device};
  if (precision == training::Precision::kBFloat16) {
    options.autocast_dtype = at::kBFloat16;
  }
  const evaluation::Embeddings bank = evaluation::embed(backbone, *images.train, options);
  Scores scores{.test = evaluation::embed(backbone, *images.test, options)};
  const std::int64_t classes = count_classes(bank);
  const std::int64_t smallest_class = bank.labels.bincount().min().item<std::int64_t>();
  scores.knn = evaluation::knn_accuracy(
      scores.test, bank,
      {.num_classes = classes, .knn_k = std::min<std::int64_t>(200, images.train->size())});
  scores.few_labels = evaluation::few_label_accuracy(
      scores.test, bank, {.labels_per_class = std::min<std::int64_t>(10, smallest_class)});
  return scores;
}

void save_views(const std::filesystem::path& path, const SmallImages& images,
                const data::BaseCollateFunction& collate, std::uint64_t seed) {
  std::vector<std::vector<media::SheetCell>> rows;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(8, images.train->size()); ++i) {
    const data::Sample sample = images.train->get(i);
    auto& row = rows.emplace_back();
    row.push_back({.image = sample.image});
    for (std::int64_t view = 0; view < collate.num_views(); ++view) {
      row.push_back({.image = collate.make_view(sample, view, {.seed = seed})});
    }
  }
  media::save_png(path, media::contact_sheet(
                            rows, {.groups = {{"image", 1}, {"its views", collate.num_views()}}}));
}

void save_neighbours(const std::filesystem::path& path, const SmallImages& images,
                     const Scores& before, const Scores& after) {
  const std::vector<std::int64_t> queries = one_a_class(after.test.labels);
  auto rows = neighbour_rows(images, before, queries);
  const auto trained = neighbour_rows(images, after, queries);
  for (std::size_t q = 0; q < rows.size(); ++q) {
    rows[q].insert(rows[q].end(), trained[q].begin() + 1, trained[q].end());
  }
  media::save_png(
      path, media::contact_sheet(rows, {.cell_px = 64,
                                        .groups = {{"image", 1},
                                                   {"nearest before training", kNeighbours},
                                                   {"nearest after training", kNeighbours}}}));
}

std::string summary(const Scores& before, const Scores& after) {
  char text[160];
  std::snprintf(text, sizeof(text),
                "kNN top-1 %.1f %% -> %.1f %%, with 10 labels a class %.1f %% -> %.1f %%",
                100.0 * before.knn, 100.0 * after.knn, 100.0 * before.few_labels.mean,
                100.0 * after.few_labels.mean);
  return text;
}

}  // namespace lightly::examples
