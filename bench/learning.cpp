// The twin of peers/learning_python.py: the same small SimCLR, MoCo or SimSiam on CIFAR-10 in
// float32, kNN accuracy after every epoch as JSON lines. The backbone leaves out the ReLU after
// bn1, as Python's does.

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <c10/util/StringUtil.h>
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

// The training images from the first, as many as there are to be.
class First : public data::Dataset {
 public:
  First(data::DatasetPtr whole, std::int64_t size) : whole_(std::move(whole)), size_(size) {
    TORCH_CHECK_VALUE(size >= 1 && size <= whole_->size(), "learning: --images must be in [1, ",
                      whole_->size(), "], got ", size);
  }

  std::int64_t size() const override { return size_; }
  data::Sample get(std::int64_t index) const override {
    TORCH_CHECK_INDEX(index < size_, "learning: index must be below ", size_, ", got ", index);
    return whole_->get(index);
  }
  std::string file_name(std::int64_t index) const override { return whole_->file_name(index); }

 private:
  data::DatasetPtr whole_;
  std::int64_t size_;
};

std::shared_ptr<methods::Method> make_method(const std::string& name, std::uint64_t seed) {
  const auto backbone = [](std::int64_t num_splits = 0) {
    return models::ResNetBackbone(
        models::ResNetGenerator("resnet-9", {.width = 0.25, .num_splits = num_splits}),
        {.relu_after_stem = false});
  };
  if (name == "moco") {
    return methods::MoCo(backbone(8), {.model = {.num_ftrs = 128, .m = 0.99, .batch_shuffle = true},
                                       .criterion = {.temperature = 0.1, .memory_bank_size = 4096},
                                       .seed = seed})
        .ptr();
  }
  if (name == "simsiam") {
    return methods::SimSiam(backbone(), {.model = {.num_ftrs = 128,
                                                   .proj_hidden_dim = 128,
                                                   .pred_hidden_dim = 32,
                                                   .out_dim = 128,
                                                   .heads = models::SimSiamHeads::kModules}})
        .ptr();
  }
  return methods::SimCLR(backbone(), {.model = {.num_ftrs = 128}}).ptr();
}

void learn(const std::string& name, std::uint64_t seed, std::int64_t epochs,
           const data::DatasetPtr& train, const data::DatasetPtr& test) {
  torch::manual_seed(seed);
  const std::shared_ptr<methods::Method> method = make_method(name, seed);
  training::to_channels_last(*method);
  data::DataLoader loader(
      train, data::SimCLRCollateFunction({.input_size = 32, .gaussian_blur = 0.0}),
      {.batch_size = 256, .shuffle = true, .drop_last = true, .num_workers = 1, .seed = seed});
  optim::SGD optimizer(method->trained_parameters(),
                       {.lr = 0.06, .momentum = 0.9, .weight_decay = 5e-4});
  // torch's CosineAnnealingLR over the same steps.
  const optim::CosineWarmupSchedule schedule(
      {.max_epochs = epochs * loader.size() + 1, .end_value = 0.0});
  const auto print = [&](std::int64_t epoch, const std::string& figures) {
    std::printf(
        "{\"who\": \"here\", \"method\": \"%s\", \"seed\": %d, \"epoch\": %d, %s\"knn\": %.4f}\n",
        name.c_str(), static_cast<int>(seed), static_cast<int>(epoch), figures.c_str(),
        knn_accuracy(method->backbone(), train, test));
    std::fflush(stdout);
  };
  print(0, "");
  std::int64_t step = 0;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    double total = 0.0;
    for (const data::Batch& batch : loader.epoch(epoch)) {
      optimizer.set_lr(0.06 * schedule(step));
      optimizer.zero_grad();
      const at::Tensor loss = method->training_step(batch, step).loss;
      loss.backward();
      optimizer.step();
      method->after_step(step++);
      total += loss.item<double>();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    print(epoch + 1, c10::str("\"loss\": ", total / static_cast<double>(loader.size()),
                              ", \"seconds\": ", seconds.count(), ", "));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path folder;
  std::string method = "simclr";
  std::int64_t images = 50000;
  std::int64_t epochs = 5;
  int threads = 2;
  std::vector<std::uint64_t> seeds{1, 2, 3};
  CLI::App app("A method on CIFAR-10 as peers/learning_python.py trains it.");
  app.add_option("--method", method)->check(CLI::IsMember({"simclr", "moco", "simsiam"}));
  app.add_option("--data", folder, "folder with CIFAR-10's binary batches")->required();
  app.add_option("--images", images, "so many of the training images, from the first");
  app.add_option("--epochs", epochs);
  app.add_option("--seeds", seeds);
  app.add_option("--threads", threads);
  CLI11_PARSE(app, argc, argv);
  at::set_num_threads(threads);
  const auto train = std::make_shared<First>(
      std::make_shared<data::Cifar10>(data::Cifar10Options{.root = folder}), images);
  const auto test = std::make_shared<data::Cifar10>(
      data::Cifar10Options{.root = folder, .split = data::Split::kTest});
  for (const std::uint64_t seed : seeds) {
    learn(method, seed, epochs, train, test);
  }
  return 0;
}
