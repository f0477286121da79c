// Trains MoCo on small images, as lightly's tutorial does: a memory bank of 4096 keys, batch
// statistics of 8 parts, a momentum encoder. Shows what the representation has learnt.

#include <iostream>

#include <torch/utils.h>
#include <CLI/CLI.hpp>

#include "common/program.hpp"
#include "common/report.hpp"
#include "common/small_images.hpp"
#include "common/training_run.hpp"
#include "lightly/lightly.hpp"

using namespace lightly;

int train(const examples::TrainOptions& options, bool symmetric) {
  // Method: a backbone that normalises a batch in 8 parts, a projection head, a copy of both that
  // follows slowly. A copy of the backbone stays untrained, to compare with.
  const torch::Device device(options.device);
  const auto precision = training::resolve(training::parse_precision(options.precision), device);
  torch::manual_seed(options.seed);
  models::ResNetBackbone backbone(
      models::ResNetGenerator(options.backbone, {.width = options.width, .num_splits = 8}));
  methods::MoCo method(
      backbone, {.model = {.num_ftrs = backbone->num_ftrs(), .m = 0.99, .batch_shuffle = true},
                 .criterion = {.temperature = 0.1, .memory_bank_size = 4096},
                 .symmetric_loss = symmetric,
                 .seed = options.seed});
  method->to(device);
  training::to_channels_last(*method);
  const models::Backbone untrained = method->backbone().clone();

  // Data: two random views of every image, the same for any number of workers.
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
                           .device = device});

  // Optimizer: SGD, its learning rate scaled with the batch and decayed along a cosine.
  const double base_lr = optim::scale_lr(options.lr, options.batch_size);
  optim::SGD optimizer(method->trained_parameters(),
                       {.lr = base_lr, .momentum = 0.9, .weight_decay = 5e-4});
  const optim::CosineWarmupSchedule schedule(
      {.max_epochs = options.epochs * loader.size(), .end_value = 0.0});

  const std::string setup = (symmetric ? "symmetric MoCo, " : "MoCo, ") +
                            options.setup(images.name, training::precision_name(precision));
  examples::TrainingRun run(
      options, setup, {.module = *method, .optimizer = optimizer, .epoch_steps = loader.size()});
  examples::save_views(options.output / "views.png", examples::first_samples(*images.train, 8),
                       collate, {.seed = options.seed});

  evaluation::CollapseMonitor monitor;
  for (training::InterruptGuard interrupt; !run.is_done(); run.end_epoch()) {
    training::Progress progress = run.progress();
    for (const data::Batch& batch : loader.epoch(run.epoch(), {.first_batch = run.epoch_step()})) {
      const std::int64_t step = run.step();
      optimizer.set_lr(base_lr * schedule(step));
      methods::StepOutput out;
      {
        const core::AutocastGuard autocast(device.type(),
                                           training::autocast_dtype(precision, device));
        out = method->training_step(batch, step);
      }
      optimizer.zero_grad();
      out.loss.backward();
      const double loss_value = out.loss.item<double>();
      training::check_finite_loss(loss_value, run.epoch(), run.epoch_step());
      optimizer.step();
      method->after_step(step);
      run.end_step();
      run.metrics().log({{"step", step},
                         {"epoch", run.epoch()},
                         {"loss", loss_value},
                         {"lr", optimizer.lr()},
                         {"output_std", monitor.observe(out.outputs)}});
      progress.advance(options.batch_size, examples::loss_note(loss_value));
      if (interrupt.requested()) {
        progress.finish();
        return run.interrupted(interrupt);
      }
    }
    progress.finish();
    examples::warn_of_collapse(monitor);
  }

  examples::save_backbone(options.output / "backbone.safetensors", backbone, setup);
  const auto before = examples::evaluate(untrained, images, device, precision);
  const auto after = examples::evaluate(backbone, images, device, precision);
  examples::save_neighbours(options.output / "neighbours.png", images, before, after);
  examples::finish(options.output, run.metrics(), options.epochs * loader.size(), {before, after});
  return 0;
}

int main(int argc, char** argv) {
  bool symmetric = false;
  return examples::run(
      argc, argv,
      {.description = "Trains MoCo on CIFAR-10 (or Fashion-MNIST) and shows what it learnt.",
       .add_options =
           [&](CLI::App& app) {
             app.add_flag("--symmetric", symmetric,
                          "each view is the query once: half of both losses, in twice the time");
           }},
      [&](const examples::TrainOptions& options) { return train(options, symmetric); });
}
