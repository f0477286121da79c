// Trains SimCLR on small images and shows what the representation has learnt: kNN accuracy before
// and after, pictures.

#include <cstdio>
#include <filesystem>
#include <iostream>

#include <torch/utils.h>
#include <CLI/CLI.hpp>

#include "common/report.hpp"
#include "common/small_images.hpp"
#include "lightly/lightly.hpp"

namespace fs = std::filesystem;
using namespace lightly;

int main(int argc, char** argv) try {
  std::string data, backbone_name = "resnet-9", device_name = "cpu", precision_name = "auto";
  fs::path output = "runs/simclr_cifar10";
  std::int64_t epochs = 3, batch_size = 256, workers = 1;
  std::uint64_t seed = 1;
  double width = 0.25;
  bool resume = false;
  CLI::App app("Trains SimCLR on CIFAR-10 (or Fashion-MNIST) and evaluates the representation.");
  app.option_defaults()->always_capture_default();
  app.add_option("--data", data, "folder or archive; none: CIFAR-10, else Fashion-MNIST");
  app.add_option("--epochs", epochs)->check(CLI::PositiveNumber);
  app.add_option("--batch-size", batch_size, "images a step, two views each")
      ->check(CLI::PositiveNumber);
  app.add_option("--backbone", backbone_name, "resnet-9 ... resnet-152");
  app.add_option("--width", width, "factor of the backbone's channels")->check(CLI::PositiveNumber);
  app.add_option("--device", device_name, "cpu or cuda");
  app.add_option("--precision", precision_name, "auto, fp32 or bf16");
  app.add_option("--workers", workers, "threads that make views")->check(CLI::NonNegativeNumber);
  app.add_option("--seed", seed, "of weights, order and views");
  app.add_option("--output", output, "folder for checkpoint, weights, metrics and pictures");
  app.add_flag("--resume", resume, "go on from the checkpoint in --output");
  CLI11_PARSE(app, argc, argv);

  // Data: two random views of every image, the same for any number of workers.
  fs::create_directories(output);
  const examples::SmallImages images = examples::load_small_images(data, std::cout);
  const data::SimCLRCollateFunction collate({.input_size = 32, .gaussian_blur = 0.0});
  data::DataLoader loader(images.train, collate,
                          {.batch_size = batch_size,
                           .shuffle = true,
                           .drop_last = true,
                           .num_workers = workers,
                           .seed = seed});

  // Model: a backbone and SimCLR's projection head around it. The clone stays untrained, to compare
  // with.
  const torch::Device device(device_name);
  const auto precision = training::resolve(training::parse_precision(precision_name), device);
  torch::manual_seed(seed);
  auto resnet = models::ResNetGenerator(backbone_name, {.width = width});
  models::ResNetBackbone backbone(resnet);
  models::ResNetBackbone untrained(
      std::dynamic_pointer_cast<models::ResNetBackboneImpl>(backbone->clone()));
  models::SimCLR model(backbone, {.num_ftrs = backbone->num_ftrs(), .out_dim = 128});
  for (torch::nn::Module* module : {static_cast<torch::nn::Module*>(model.get()),
                                    static_cast<torch::nn::Module*>(untrained.get())}) {
    module->to(device);
    training::to_channels_last(*module);
  }
  loss::NTXentLoss criterion({.temperature = 0.5});

  // Optimizer: SGD, its learning rate scaled with the batch and decayed along a cosine.
  const double base_lr = 0.06 * static_cast<double>(batch_size) / 256.0;
  optim::SGD optimizer(model->parameters(), {.lr = base_lr, .momentum = 0.9, .weight_decay = 5e-4});
  const optim::CosineWarmupSchedule schedule(
      {.max_epochs = epochs * loader.size(), .end_value = 0.0});

  const fs::path checkpoint = output / "checkpoint.safetensors";
  const std::string setup = images.name + ", " + backbone_name + " of width " +
                            std::to_string(width) + ", " + std::to_string(epochs) +
                            " epochs of batches of " + std::to_string(batch_size);
  training::TrainingState state{.seed = seed, .notes = {{"setup", setup}}};
  training::MetricsLog metrics(output / "metrics.jsonl");
  if (resume) {
    state = training::load_checkpoint(checkpoint, *model, optimizer);
    TORCH_CHECK(state.notes["setup"] == setup && state.seed == seed,
                "--resume: ", checkpoint.string(), " is of another run: ", state.notes["setup"],
                ", seed ", state.seed);
  }
  metrics.truncate_after("step",
                         static_cast<double>(state.epoch * loader.size() + state.step) - 1.0);
  std::cout << "model: " << setup << ", " << training::precision_name(precision) << " on " << device
            << '\n';
  examples::save_views(output / "views.png", images, collate, seed);

  training::InterruptGuard interrupt;
  for (; state.epoch < epochs; ++state.epoch, state.step = 0) {
    training::Progress progress(std::cout, {.label = "epoch " + std::to_string(state.epoch + 1) +
                                                     "/" + std::to_string(epochs),
                                            .total = loader.size(),
                                            .done = state.step,
                                            .columns = training::terminal_columns(1)});
    double loss_sum = 0.0;
    for (const data::Batch& batch : loader.epoch(state.epoch, {.first_batch = state.step})) {
      const std::int64_t step = state.epoch * loader.size() + state.step;
      optimizer.set_lr(base_lr * schedule(step));
      torch::Tensor loss;
      {
        const training::AutocastGuard autocast(precision, device);
        const auto [out0, out1] =
            model->forward(batch.views[0].to(device), batch.views[1].to(device));
        loss = criterion(out0, out1);
      }
      const double loss_value = loss.item<double>();
      training::check_finite_loss(loss_value, state.epoch, state.step);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      ++state.step;
      loss_sum += loss_value;
      metrics.log(
          {{"step", step}, {"epoch", state.epoch}, {"loss", loss_value}, {"lr", optimizer.lr()}});
      char note[32];
      std::snprintf(note, sizeof(note), "loss %.3f", loss_value);
      progress.advance(batch_size, note);
      if (interrupt.requested()) {
        progress.finish();
        training::save_checkpoint(checkpoint, *model, optimizer, state);
        std::cout << "interrupted; saved " << checkpoint.string()
                  << ", go on with the same command and --resume\n";
        return 128 + interrupt.signal();
      }
    }
    progress.finish();
    training::save_checkpoint(checkpoint, *model, optimizer,
                              {.epoch = state.epoch + 1, .seed = seed, .notes = state.notes});
  }

  core::save_safetensors(output / "backbone.safetensors",
                         {.tensors = models::torchvision_state_dict(backbone)});
  const auto before = examples::evaluate(untrained, images, device, precision);
  const auto after = examples::evaluate(backbone, images, device, precision);
  examples::save_neighbours(output / "neighbours.png", images, before, after);
  metrics.log({{"knn_before", before.knn},
               {"knn", after.knn},
               {"few_labels_before", before.few_labels.mean},
               {"few_labels", after.few_labels.mean}});
  std::cout
      << "wrote checkpoint, backbone.safetensors, metrics.jsonl, views.png, neighbours.png to "
      << output.string() << '\n'
      << examples::summary(before, after) << std::endl;
  return 0;
} catch (const c10::Error& error) {
  std::cerr << "simclr_cifar10: " << error.what_without_backtrace() << '\n';
  return 1;
} catch (const std::exception& error) {
  std::cerr << "simclr_cifar10: " << error.what() << '\n';
  return 1;
}
