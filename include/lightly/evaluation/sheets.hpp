#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/data/dataset.hpp"
#include "lightly/evaluation/embeddings.hpp"
#include "lightly/media/contact_sheet.hpp"
#include "lightly/transforms/normalization.hpp"

namespace lightly::evaluation {

enum class ViewsSheetLayout {
  /// A column an image, below it its views.
  kImagesInColumns,
  /// A row an image, right of it its views.
  kImagesInRows,
};

struct ViewsSheetOptions {
  /// What the views were normalised with; none: they are pixels / 255.
  std::optional<transforms::Normalization> normalize = transforms::imagenet_normalize;
  ViewsSheetLayout layout = ViewsSheetLayout::kImagesInColumns;
  /// The grid; its groups and titles are set by views_sheet.
  media::ContactSheetOptions sheet = {};
};

/// A picture of what the transform does: images and their views; uint8 [3, H, W].
///
/// `images` are uint8 [3, H, W]; each of `views` is floating point [B, 3, h, w] with B >= the
/// number of images, in the same order. Throws c10::ValueError when they do not fit.
at::Tensor views_sheet(const std::vector<at::Tensor>& images, const std::vector<at::Tensor>& views,
                       const ViewsSheetOptions& options = {});

/// A state of a backbone, to be shown beside others.
struct NeighboursStage {
  /// ASCII text above the neighbours, for example "after training".
  std::string title;
  /// Of every image of the data set, in its order.
  Embeddings embeddings;
  /// Of every image of NeighboursSheetOptions::bank, in its order; not used without one.
  Embeddings bank = {};
};

struct NeighboursSheetOptions {
  /// Data set indices of the query images, one row each; none takes the first image of each class.
  std::vector<std::int64_t> queries = {};
  /// Rows at most when `queries` is empty, >= 1.
  std::int64_t max_queries = 10;
  /// Neighbours of each query and stage, in [1, N - 1], or [1, M] of a bank of M images.
  std::int64_t k = 8;
  /// Where neighbours are looked for; none: among the other images of the data set.
  data::DatasetPtr bank = nullptr;
  /// The grid; its groups are set by neighbours_sheet.
  media::ContactSheetOptions sheet = {.cell_px = 64};

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// A picture of what features find alike: a row a query, and for each stage its k nearest other
/// images, or images of the bank, by cosine, nearest first; a green frame for the query's class, a
/// red one for another; uint8 [3, H, W].
///
/// Throws c10::ValueError without a stage, for a stage whose features or labels do not have one row
/// an image, and for a query outside the data set; errors of the data sets pass through.
at::Tensor neighbours_sheet(const data::Dataset& dataset,
                            const std::vector<NeighboursStage>& stages,
                            const NeighboursSheetOptions& options = {});

}  // namespace lightly::evaluation
