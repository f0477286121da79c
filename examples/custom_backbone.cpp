// Trains SimCLR around a network of one's own: any module that maps images to features will do.

#include <iostream>

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/pooling.h>
#include <torch/utils.h>

#include "common/program.hpp"
#include "common/report.hpp"
#include "common/small_images.hpp"
#include "common/training_run.hpp"
#include "lightly/lightly.hpp"

using namespace lightly;

// Four convolutions, each halving the image: [B, 3, H, W] -> [B, 128, 1, 1].
struct SmallNetImpl : torch::nn::Cloneable<SmallNetImpl> {
  static constexpr std::int64_t kFeatures = 128;

  SmallNetImpl() { SmallNetImpl::reset(); }
  void reset() override {
    layers = register_module("layers", torch::nn::Sequential());
    for (std::int64_t in = 3, out = 16; out <= kFeatures; in = out, out *= 2) {
      layers->push_back(
          torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).stride(2).padding(1).bias(false)));
      layers->push_back(torch::nn::BatchNorm2d(out));
      layers->push_back(torch::nn::ReLU());
    }
    layers->push_back(torch::nn::AdaptiveAvgPool2d(1));
  }
  at::Tensor forward(const at::Tensor& images) { return layers->forward(images); }

  torch::nn::Sequential layers = nullptr;
};
TORCH_MODULE(SmallNet);

int train(const examples::TrainOptions& options) {
  // Method: SimCLR, its projection head and its loss, around the network. A copy of that stays
  // untrained, to compare with.
  const torch::Device device(options.device);
  const auto precision = training::resolve(training::parse_precision(options.precision), device);
  torch::manual_seed(options.seed);
  SmallNet backbone;
  methods::SimCLR method(backbone, {.model = {.num_ftrs = SmallNetImpl::kFeatures}});
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

  const std::string setup = options.setup(images.name, training::precision_name(precision));
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

  models::save_weights(*backbone, options.output / "backbone.safetensors");
  const auto before = examples::evaluate(untrained, images, device, precision);
  const auto after = examples::evaluate(backbone, images, device, precision);
  examples::save_neighbours(options.output / "neighbours.png", images, before, after);
  examples::finish(options.output, run.metrics(), options.epochs * loader.size(), {before, after});
  return 0;
}

int main(int argc, char** argv) {
  return examples::run(
      argc, argv,
      {.description = "Trains SimCLR around a network of one's own.", .backbone = "SmallNet"},
      train);
}
