#include "lightly/evaluation/sheets.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <set>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

#include "core/tensor_rows.hpp"
#include "evaluation/checks.hpp"
#include "lightly/core/check.hpp"
#include "lightly/evaluation/neighbours.hpp"
#include "lightly/media/image_io.hpp"

namespace lightly::evaluation {
namespace {

constexpr const char* kCallee = "neighbours_sheet";
constexpr media::Color kSameClass{.red = 40, .green = 165, .blue = 75};
constexpr media::Color kOtherClass{.red = 215, .green = 55, .blue = 50};

std::vector<std::int64_t> first_of_each_class(const at::Tensor& labels, std::int64_t at_most) {
  const auto* label = labels.const_data_ptr<std::int64_t>();
  std::set<std::int64_t> seen;
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  for (std::int64_t i = 0; i < labels.size(0); ++i) {
    if (static_cast<std::int64_t>(seen.size()) < at_most && seen.insert(label[i]).second) {
      found.emplace_back(label[i], i);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::int64_t> rows;
  for (const auto& [_, row] : found) {
    rows.push_back(row);
  }
  return rows;
}

// Rows of length 1, one an image.
at::Tensor features_of(const Embeddings& embeddings, std::int64_t images) {
  const at::Tensor features =
      core::normalized_rows(checked_features(kCallee, "features", embeddings.features));
  TORCH_CHECK_VALUE(features.size(0) == images, kCallee, ": features must have a row for each of ",
                    images, " images, got ", features.size(0));
  return features;
}

// `cells` must not be empty, nor ragged.
std::vector<std::vector<media::SheetCell>> transposed(
    const std::vector<std::vector<media::SheetCell>>& cells) {
  std::vector<std::vector<media::SheetCell>> result(cells.front().size());
  for (const auto& row : cells) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      result[i].push_back(row[i]);
    }
  }
  return result;
}

}  // namespace

at::Tensor views_sheet(const std::vector<at::Tensor>& images, const std::vector<at::Tensor>& views,
                       const ViewsSheetOptions& options) {
  const auto normalization = options.normalize.value_or(transforms::Normalization());
  std::vector<std::vector<media::SheetCell>> cells(1);
  for (const at::Tensor& image : images) {
    cells[0].push_back({.image = image});
  }
  const auto count = static_cast<std::int64_t>(images.size());
  for (const at::Tensor& view : views) {
    TORCH_CHECK_VALUE(view.defined() && view.dim() == 4 && view.size(0) >= count,
                      "views_sheet: views must be [B, 3, h, w] with B >= ", count, ", got ",
                      view.defined() ? view.sizes() : at::IntArrayRef());
    std::vector<media::SheetCell> of_view;
    for (std::int64_t i = 0; i < count; ++i) {
      of_view.push_back({.image = media::to_image(view.select(0, i), {.mean = normalization.mean,
                                                                      .std = normalization.std})});
    }
    cells.push_back(std::move(of_view));
  }

  media::ContactSheetOptions sheet = options.sheet;
  sheet.groups.clear();
  sheet.row_titles.clear();
  if (options.layout == ViewsSheetLayout::kImagesInColumns) {
    sheet.row_titles.emplace_back("image");
    for (std::size_t v = 1; v < cells.size(); ++v) {
      sheet.row_titles.push_back("view " + std::to_string(v));
    }
    return media::contact_sheet(cells, sheet);
  }
  sheet.groups = {{.title = "image", .columns = 1}};
  if (!views.empty()) {
    sheet.groups.push_back({.title = "views", .columns = static_cast<std::int64_t>(views.size())});
  }
  return media::contact_sheet(transposed(cells), sheet);
}

void NeighboursSheetOptions::check() const {
  core::check_at_least("neighbours_sheet", "k", k, 1);
  core::check_at_least("neighbours_sheet", "max_queries", max_queries, 1);
}

at::Tensor neighbours_sheet(const data::Dataset& dataset,
                            const std::vector<NeighboursStage>& stages,
                            const NeighboursSheetOptions& options) {
  options.check();
  TORCH_CHECK_VALUE(!stages.empty(), kCallee, ": stages must hold at least one, got none");
  const std::int64_t total = dataset.size();
  const at::Tensor labels = checked_labels(kCallee, "labels", stages.front().embeddings.labels,
                                           total, std::numeric_limits<std::int64_t>::max());
  const std::vector<std::int64_t> queries =
      options.queries.empty() ? first_of_each_class(labels, options.max_queries) : options.queries;
  for (const std::int64_t query : queries) {
    TORCH_CHECK_VALUE(query >= 0 && query < total, kCallee, ": queries must be in [0, ", total,
                      "), got ", query);
  }

  const at::NoGradGuard no_grad;
  const at::Tensor query_rows = at::tensor(queries);
  media::ContactSheetOptions sheet = options.sheet;
  sheet.groups = {{.title = "query", .columns = 1}};
  sheet.row_titles.clear();
  std::vector<std::vector<media::SheetCell>> rows;
  for (const std::int64_t query : queries) {
    rows.push_back({{.image = dataset.get(query).pixels()}});
  }
  const data::Dataset& bank = options.bank ? *options.bank : dataset;
  const auto* label = labels.const_data_ptr<std::int64_t>();
  for (const auto& [title, embeddings, bank_embeddings] : stages) {
    const at::Tensor features = features_of(embeddings, total);
    const at::Tensor bank_features =
        options.bank ? features_of(bank_embeddings, bank.size()) : features;
    const at::Tensor bank_labels =
        options.bank ? checked_labels(kCallee, "labels of the bank", bank_embeddings.labels,
                                      bank.size(), std::numeric_limits<std::int64_t>::max())
                     : labels;
    const Neighbours near =
        nearest_neighbours(features.index_select(0, query_rows), bank_features,
                           {.k = options.k, .exclude = options.bank ? at::Tensor() : query_rows});
    const auto* bank_label = bank_labels.const_data_ptr<std::int64_t>();
    const auto* found = near.indices.const_data_ptr<std::int64_t>();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::int64_t j = 0; j < options.k; ++j) {
        const std::int64_t index = found[static_cast<std::int64_t>(i) * options.k + j];
        const bool is_same = bank_label[index] == label[queries[i]];
        rows[i].push_back(
            {.image = bank.get(index).pixels(), .frame = is_same ? kSameClass : kOtherClass});
      }
    }
    sheet.groups.push_back({.title = title, .columns = options.k});
  }
  return media::contact_sheet(rows, sheet);
}

}  // namespace lightly::evaluation
