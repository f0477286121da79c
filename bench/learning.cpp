// The twin of peers/learning_python.py: the same small SimCLR on CIFAR-10 in float32, kNN accuracy
// after every epoch as JSON lines. The backbone leaves out the ReLU after bn1, as Python's does.

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/utils.h>
#include <CLI/CLI.hpp>

#include "lightly/lightly.hpp"

namespace {

using namespace lightly;

double knn_accuracy(const models::Backbone& backbone, const data::DatasetPtr& train,
                    const data::DatasetPtr& test) {
  const evaluation::Embeddings bank = evaluation::embed(backbone, *train);
  return evaluation::knn_accuracy(evaluation::embed(backbone, *test), bank, {.num_classes = 10});
}

void learn(std::uint64_t seed, std::int64_t epochs, const data::DatasetPtr& train,
           const data::DatasetPtr& test) {
  torch::manual_seed(seed);
  models::ResNetBackbone backbone(models::ResNetGenerator("resnet-9", {.width = 0.25}),
                                  {.relu_after_stem = false});
  models::SimCLR model(backbone, {.num_ftrs = 128, .out_dim = 128});
  training::to_channels_last(*model);
  loss::NTXentLoss criterion({.temperature = 0.5});
  data::DataLoader loader(
      train, data::SimCLRCollateFunction({.input_size = 32, .gaussian_blur = 0.0}),
      {.batch_size = 256, .shuffle = true, .drop_last = true, .num_workers = 1, .seed = seed});
  optim::SGD optimizer(model->parameters(), {.lr = 0.06, .momentum = 0.9, .weight_decay = 5e-4});
  // torch's CosineAnnealingLR over the same steps.
  const optim::CosineWarmupSchedule schedule(
      {.max_epochs = epochs * loader.size() + 1, .end_value = 0.0});
  std::printf("{\"who\": \"here\", \"seed\": %d, \"epoch\": 0, \"knn\": %.4f}\n",
              static_cast<int>(seed), knn_accuracy(backbone, train, test));
  std::int64_t step = 0;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    double total = 0.0;
    for (const data::Batch& batch : loader.epoch(epoch)) {
      optimizer.set_lr(0.06 * schedule(step++));
      optimizer.zero_grad();
      const auto [out0, out1] = model->forward(batch.views[0], batch.views[1]);
      const auto loss = criterion(out0, out1);
      loss.backward();
      optimizer.step();
      total += loss.item<double>();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf(
        "{\"who\": \"here\", \"seed\": %d, \"epoch\": %d, \"loss\": %.6f, \"seconds\": %.1f, "
        "\"knn\": %.4f}\n",
        static_cast<int>(seed), static_cast<int>(epoch + 1),
        total / static_cast<double>(loader.size()), seconds.count(),
        knn_accuracy(backbone, train, test));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path folder;
  std::int64_t epochs = 5;
  int threads = 2;
  std::vector<std::uint64_t> seeds{1, 2, 3};
  CLI::App app("SimCLR on CIFAR-10 as peers/learning_python.py trains it.");
  app.add_option("--data", folder, "folder with CIFAR-10's binary batches")->required();
  app.add_option("--epochs", epochs);
  app.add_option("--seeds", seeds);
  app.add_option("--threads", threads);
  CLI11_PARSE(app, argc, argv);
  at::set_num_threads(threads);
  const auto train = std::make_shared<data::Cifar10>(data::Cifar10Options{.root = folder});
  const auto test = std::make_shared<data::Cifar10>(
      data::Cifar10Options{.root = folder, .split = data::Split::kTest});
  for (const std::uint64_t seed : seeds) {
    learn(seed, epochs, train, test);
  }
  return 0;
}
