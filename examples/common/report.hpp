#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "common/small_images.hpp"
#include "lightly/data/collate.hpp"
#include "lightly/data/dataset.hpp"
#include "lightly/data/sample.hpp"
#include "lightly/evaluation/collapse.hpp"
#include "lightly/evaluation/embeddings.hpp"
#include "lightly/evaluation/few_label_accuracy.hpp"
#include "lightly/evaluation/sheets.hpp"
#include "lightly/media/contact_sheet.hpp"
#include "lightly/models/backbone.hpp"
#include "lightly/models/resnet_backbone.hpp"
#include "lightly/training/metrics_log.hpp"
#include "lightly/training/precision.hpp"

namespace lightly::examples {

/// How good a representation is, by its features of the training and the test images.
struct Scores {
  evaluation::Embeddings train;
  evaluation::Embeddings test;
  /// kNN top-1 on the test images, in [0, 1].
  double knn = 0.0;
  /// Accuracy with 10 labels a class, or as many as the smallest class has, over 20 draws.
  evaluation::FewLabelAccuracy few_labels = {};
  std::int64_t labels_per_class = 10;
};

Scores evaluate(const models::Backbone& backbone, const SmallImages& images, c10::Device device,
                training::Precision precision);

/// The first samples of a data set, as many as there are up to `most`.
std::vector<data::Sample> first_samples(const data::Dataset& dataset, std::int64_t most);

struct SaveViewsOptions {
  std::uint64_t seed = 0;
  evaluation::ViewsSheetLayout layout = evaluation::ViewsSheetLayout::kImagesInColumns;
  media::ContactSheetOptions sheet = {};
};

/// Writes a PNG of the samples, each with the views that `collate` makes of it in the first epoch.
void save_views(const std::filesystem::path& path, const std::vector<data::Sample>& samples,
                const data::BaseCollateFunction& collate, const SaveViewsOptions& options = {});

/// Writes the backbone's weights under torchvision's names, with what was trained as metadata.
void save_backbone(const std::filesystem::path& path, const models::ResNetBackbone& backbone,
                   const std::string& setup);

/// neighbours.png: 10 test images, their 8 nearest other test images (see
/// SmallImages::neighbours_from_train) before training (left) and after (right); a green frame is
/// the same class, a red one another.
void save_neighbours(const std::filesystem::path& path, const SmallImages& images,
                     const Scores& before, const Scores& after);

/// Says on the standard error stream when the outputs have collapsed, with what helps.
void warn_of_collapse(const evaluation::CollapseMonitor& monitor);

struct BeforeAndAfter {
  const Scores& before;
  const Scores& after;
};

/// The end of a run of so many steps: the scores as the last line of the metrics, and on the
/// standard output what was written where, and
/// `kNN top-1 69.8 % -> 78.6 %, with 10 labels a class 42.0 % -> 61.0 %`.
void finish(const std::filesystem::path& output, training::MetricsLog& metrics, std::int64_t steps,
            const BeforeAndAfter& scores);

}  // namespace lightly::examples
