// Trains MoCo on small images, as lightly's tutorial does: a memory bank of 4096 keys, batch
// statistics of 8 parts, a momentum encoder. Shows what the representation has learnt.

#include <iostream>

#include <ATen/CPUGeneratorImpl.h>
#include <torch/utils.h>

#include "common/program.hpp"
#include "common/report.hpp"
#include "common/small_images.hpp"
#include "common/training_run.hpp"
#include "lightly/lightly.hpp"

using namespace lightly;

int train(const examples::TrainOptions& options, bool symmetric) {
  // Data: two random views of every image, the same for any number of workers.
  const torch::Device device(options.device);
  std::filesystem::create_directories(options.output);
  const examples::SmallImages images = examples::load_small_images(options.data, std::cout);
  const data::SimCLRCollateFunction collate(
      {.input_size = images.train->get(0).image.size(1), .gaussian_blur = 0.0});
  data::DataLoader loader(images.train, collate,
                          {.batch_size = options.batch_size,
                           .shuffle = true,
                           .drop_last = true,
                           .num_workers = options.workers,
                           .seed = options.seed,
                           .pin_memory = device.is_cuda()});

  // Model: a backbone that normalises a batch in 8 parts, a projection head, and a copy of both
  // that follows slowly. A copy of the backbone stays untrained, to compare with.
  const auto precision = training::resolve(training::parse_precision(options.precision), device);
  torch::manual_seed(options.seed);
  at::Generator shuffles = at::detail::createCPUGenerator(options.seed);
  models::ResNetBackbone backbone(
      models::ResNetGenerator(options.backbone, {.width = options.width, .num_splits = 8}));
  models::MoCo model(backbone, {.num_ftrs = backbone->num_ftrs(),
                                .out_dim = 128,
                                .m = 0.99,
                                .batch_shuffle = true,
                                .generator = shuffles});
  loss::NTXentLoss criterion({.temperature = 0.1, .memory_bank_size = {4096, 128}});
  // What a checkpoint holds: the memory bank too.
  torch::nn::Module trained;
  trained.register_module("model", model.ptr());
  trained.register_module("criterion", criterion.ptr());
  trained.to(device);
  training::to_channels_last(*model);
  const models::Backbone untrained = model->backbone.clone();

  // Optimizer: SGD, its learning rate scaled with the batch and decayed along a cosine.
  const double base_lr = optim::scale_lr(options.lr, options.batch_size);
  std::vector<at::Tensor> parameters = backbone->parameters();
  for (const at::Tensor& parameter : model->projection_head->parameters()) {
    parameters.push_back(parameter);
  }
  optim::SGD optimizer(parameters, {.lr = base_lr, .momentum = 0.9, .weight_decay = 5e-4});
  const optim::CosineWarmupSchedule schedule(
      {.max_epochs = options.epochs * loader.size(), .end_value = 0.0});

  const auto checkpoint = options.output / "checkpoint.safetensors";
  const std::string setup = (symmetric ? "symmetric MoCo, " : "MoCo, ") +
                            options.setup(images.name, training::precision_name(precision));
  training::TrainingState state{.seed = options.seed, .notes = {{"setup", setup}}};
  training::MetricsLog metrics(options.output / "metrics.jsonl");
  if (options.resume) {
    state = training::load_checkpoint(checkpoint, trained, optimizer);
    examples::check_same_run(checkpoint, state, setup);
  }
  const std::int64_t steps_done = state.epoch * loader.size() + state.step;
  metrics.truncate_after("step", static_cast<double>(steps_done - 1));
  std::cout << "training: " << setup << " on " << device << '\n';
  examples::save_views(options.output / "views.png", examples::first_samples(*images.train, 8),
                       collate, {.seed = options.seed});

  evaluation::CollapseMonitor monitor;
  for (training::InterruptGuard interrupt; state.epoch < options.epochs;
       ++state.epoch, state.step = 0) {
    training::Progress progress = examples::epoch_progress(options, state, loader.size());
    for (const data::Batch& batch : loader.epoch(state.epoch, {.first_batch = state.step})) {
      const std::int64_t step = state.epoch * loader.size() + state.step;
      optimizer.set_lr(base_lr * schedule(step));
      shuffles.set_current_seed(options.seed + static_cast<std::uint64_t>(step));
      const torch::Tensor x0 = batch.views[0].to(device, /*non_blocking=*/true);
      const torch::Tensor x1 = batch.views[1].to(device, /*non_blocking=*/true);
      torch::Tensor query;
      torch::Tensor loss;
      {
        const core::AutocastGuard autocast(device.type(),
                                           training::autocast_dtype(precision, device));
        const auto [query0, key1] = model(x0, x1);
        query = query0;
        loss = criterion(query0, key1);
        if (symmetric) {
          const auto [query1, key0] = model(x1, x0);
          loss = 0.5 * (loss + criterion(query1, key0));
        }
      }
      optimizer.zero_grad();
      loss.backward();
      const double loss_value = loss.item<double>();
      training::check_finite_loss(loss_value, state.epoch, state.step);
      optimizer.step();
      model->update_momentum();
      ++state.step;
      const double output_std = monitor.observe(query);
      metrics.log({{"step", step},
                   {"epoch", state.epoch},
                   {"loss", loss_value},
                   {"lr", optimizer.lr()},
                   {"output_std", output_std}});
      progress.advance(options.batch_size, examples::loss_note(loss_value));
      if (interrupt.requested()) {
        progress.finish();
        training::save_checkpoint(checkpoint, trained, optimizer, state);
        return examples::interrupted(checkpoint, interrupt);
      }
    }
    progress.finish();
    examples::warn_of_collapse(monitor);
    training::save_checkpoint(checkpoint, trained, optimizer,
                              {.epoch = state.epoch + 1, .seed = state.seed, .notes = state.notes});
  }

  models::save_weights(*backbone, options.output / "backbone.safetensors");
  const auto before = examples::evaluate(untrained, images, device, precision);
  const auto after = examples::evaluate(backbone, images, device, precision);
  examples::save_neighbours(options.output / "neighbours.png", images, before, after);
  examples::finish(options.output, metrics, options.epochs * loader.size(), {before, after});
  return 0;
}

int main(int argc, char** argv) {
  bool symmetric = false;
  return examples::run(
      argc, argv, "Trains MoCo on CIFAR-10 (or Fashion-MNIST) and shows what it learnt.",
      [&](const examples::TrainOptions& options) { return train(options, symmetric); },
      {{.name = "--symmetric",
        .description = "each view is the query once: half of both losses, in twice the time",
        .value = symmetric}});
}
