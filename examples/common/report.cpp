#include "common/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "lightly/core/safetensors.hpp"
#include "lightly/evaluation/embed.hpp"
#include "lightly/evaluation/knn.hpp"
#include "lightly/media/image_io.hpp"
#include "lightly/models/torchvision_state_dict.hpp"

namespace lightly::examples {
namespace {

std::int64_t count_classes(const evaluation::Embeddings& embeddings) {
  return embeddings.labels.max().item<std::int64_t>() + 1;
}

std::string summary(const Scores& before, const Scores& after) {
  char text[160];
  std::snprintf(text, sizeof(text),
                "kNN top-1 %.1f %% -> %.1f %%, with %d labels a class %.1f %% -> %.1f %%",
                100.0 * before.knn, 100.0 * after.knn, static_cast<int>(after.labels_per_class),
                100.0 * before.few_labels.mean, 100.0 * after.few_labels.mean);
  return text;
}

}  // namespace

Scores evaluate(const models::Backbone& backbone, const SmallImages& images, c10::Device device,
                training::Precision precision) {
  const evaluation::EmbedOptions options{
      .device = device, .autocast_dtype = training::autocast_dtype(precision, device)};
  Scores scores{.train = evaluation::embed(backbone, *images.train, options),
                .test = evaluation::embed(backbone, *images.test, options)};
  const evaluation::Embeddings& bank = scores.train;
  const std::int64_t classes = count_classes(bank);
  const at::Tensor counts = bank.labels.bincount();
  const std::int64_t smallest_class = counts.masked_select(counts > 0).min().item<std::int64_t>();
  scores.knn = evaluation::knn_accuracy(
      scores.test, bank,
      {.num_classes = classes, .knn_k = std::min(images.knn_k, images.train->size())});
  scores.labels_per_class = std::min(scores.labels_per_class, smallest_class);
  scores.few_labels = evaluation::few_label_accuracy(scores.test, bank,
                                                     {.labels_per_class = scores.labels_per_class});
  return scores;
}

std::vector<data::Sample> first_samples(const data::Dataset& dataset, std::int64_t most) {
  std::vector<data::Sample> samples;
  for (std::int64_t i = 0; i < std::min(most, dataset.size()); ++i) {
    samples.push_back(dataset.get(i));
  }
  return samples;
}

void save_views(const std::filesystem::path& path, const std::vector<data::Sample>& samples,
                const data::BaseCollateFunction& collate, const SaveViewsOptions& options) {
  std::vector<at::Tensor> images;
  for (const data::Sample& sample : samples) {
    images.push_back(sample.pixels());
  }
  const data::Batch batch = collate(samples, {.seed = options.seed});
  media::save_png(path, evaluation::views_sheet(images, batch.views,
                                                {.normalize = collate.options().normalize,
                                                 .layout = options.layout,
                                                 .sheet = options.sheet}));
}

void save_backbone(const std::filesystem::path& path, const models::ResNetBackbone& backbone,
                   const std::string& setup) {
  // Python's libraries ask for the format.
  core::save_safetensors(path, {.tensors = models::torchvision_state_dict(backbone),
                                .metadata = {{"format", "pt"}, {"setup", setup}}});
}

void save_neighbours(const std::filesystem::path& path, const SmallImages& images,
                     const Scores& before, const Scores& after) {
  media::save_png(
      path,
      evaluation::neighbours_sheet(
          *images.test,
          {{.title = "nearest before training", .embeddings = before.test, .bank = before.train},
           {.title = "nearest after training", .embeddings = after.test, .bank = after.train}},
          {.bank = images.neighbours_from_train ? images.train : nullptr}));
}

void warn_of_collapse(const evaluation::CollapseMonitor& monitor) {
  if (monitor.is_collapsed()) {
    std::cerr << "warning: the outputs are collapsing, they are nearly the same for every image ("
              << std::lround(100.0 * monitor.level())
              << " % of the spread of random ones): try a lower learning rate or larger batches\n";
  }
}

void finish(const std::filesystem::path& output, training::MetricsLog& metrics, std::int64_t steps,
            const BeforeAndAfter& scores) {
  const auto& [before, after] = scores;
  metrics.log({{"step", steps},
               {"knn_before", before.knn},
               {"knn", after.knn},
               {"few_labels_before", before.few_labels.mean},
               {"few_labels", after.few_labels.mean}});
  std::cout << "wrote checkpoint.safetensors, backbone.safetensors, metrics.jsonl, views.png, "
               "neighbours.png to "
            << output.string() << '\n'
            << summary(before, after) << std::endl;
}

}  // namespace lightly::examples
