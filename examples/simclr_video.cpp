// Trains SimCLR from a folder of videos, whose frames are decoded as they are needed, and shows
// what the representation has learnt: of which video is a frame, before and after, pictures.

#include <iostream>

#include <torch/utils.h>

#include "common/program.hpp"
#include "common/report.hpp"
#include "common/training_run.hpp"
#include "common/videos.hpp"
#include "lightly/lightly.hpp"

using namespace lightly;

int train(const examples::TrainOptions& options, const examples::VideoOptions& video) {
  // Method: a backbone and SimCLR's projection head. A copy of the backbone stays untrained, to
  // compare with.
  const torch::Device device(options.device);
  const auto precision = training::resolve(training::parse_precision(options.precision), device);
  torch::manual_seed(options.seed);
  models::ResNetBackbone backbone(
      models::ResNetGenerator(options.backbone, {.width = options.width}));
  methods::SimCLR method(backbone, {.model = {.num_ftrs = backbone->num_ftrs(), .out_dim = 128},
                                    .criterion = {.temperature = 0.5}});
  method->to(device);
  training::to_channels_last(*method);
  const models::Backbone untrained = method->backbone().clone();

  // Data: two random views of every frame, or of frames close to it, the same for any number of
  // workers. The sampler has each frame decoded about once an epoch; its rounds are as long as the
  // memory for frames allows.
  const examples::VideosPtr videos = examples::open_videos(options, video, std::cout);
  std::filesystem::create_directories(options.output);
  const data::BaseCollateFunction collate = method->collate(video.size);
  data::DataLoader loader(videos, collate,
                          {.batch_size = options.batch_size,
                           .drop_last = true,
                           .num_workers = options.workers,
                           .seed = options.seed,
                           .device = device,
                           .sampler = std::make_shared<data::VideoSampler>(
                               videos, data::VideoSamplerOptions{.buffer_frames = 6000})});

  // Optimizer: SGD, its learning rate scaled with the batch and decayed along a cosine.
  const double base_lr = optim::scale_lr(options.lr, options.batch_size);
  optim::SGD optimizer(method->trained_parameters(),
                       {.lr = base_lr, .momentum = 0.9, .weight_decay = 5e-4});
  const optim::CosineWarmupSchedule schedule(
      {.max_epochs = options.epochs * loader.size(), .end_value = 0.0});

  const std::string setup =
      options.setup(video.data_name(*videos), training::precision_name(precision));
  examples::TrainingRun run(
      options, setup, {.module = *method, .optimizer = optimizer, .epoch_steps = loader.size()});
  examples::save_views(options.output / "views.png", examples::spread_samples(videos, 8), collate,
                       {.seed = options.seed, .sheet = {.cell_px = video.cell_px()}});

  const data::VideoDatasetStatistics begin = videos->statistics();
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
  std::cout << examples::decoding_text(begin, videos->statistics());

  examples::save_backbone(options.output / "backbone.safetensors", backbone, setup);
  const auto frames = examples::which_video(videos, video.size, std::cout);
  if (!frames) {
    std::cout << "wrote checkpoint.safetensors, backbone.safetensors, metrics.jsonl, views.png to "
              << options.output.string() << '\n';
    return 0;
  }
  const auto before = examples::evaluate(untrained, *frames, device, precision);
  const auto after = examples::evaluate(backbone, *frames, device, precision);
  examples::save_neighbours(options.output / "neighbours.png", *frames, before, after);
  examples::finish(options.output, run.metrics(), options.epochs * loader.size(), {before, after});
  return 0;
}

int main(int argc, char** argv) {
  examples::VideoOptions video;
  return examples::run(
      argc, argv,
      {.description = "Trains SimCLR from videos, without extracting frames.",
       .data = "folder of videos",
       .add_options = [&](CLI::App& app) { video.add_to(app); }},
      [&](const examples::TrainOptions& options) { return train(options, video); });
}
