// Writes what a trained backbone sees in each image of a folder to a CSV file of Python's lightly.

#include <algorithm>
#include <iostream>
#include <map>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <CLI/CLI.hpp>

#include "common/program.hpp"
#include "lightly/lightly.hpp"

using namespace lightly;

struct Options {
  std::filesystem::path input;
  std::filesystem::path weights;
  std::string backbone = "resnet18";
  double width = 1.0;
  std::filesystem::path output = "embeddings.csv";
  std::int64_t size = 224;
  std::int64_t resize = 0;
  std::int64_t batch_size = 64;
  std::int64_t workers = 1;
  std::string device = "cpu";
  std::string precision = "auto";
};

const std::map<std::string, models::ResNet (*)(models::TorchvisionResNetOptions)> kTorchvision{
    {"resnet18", models::resnet18}, {"resnet34", models::resnet34}, {"resnet50", models::resnet50}};

models::ResNetBackbone load_backbone(const Options& options) {
  const auto torchvision = kTorchvision.find(options.backbone);
  models::ResNetBackbone backbone(
      torchvision != kTorchvision.end()
          ? torchvision->second({})
          : models::ResNetGenerator(options.backbone, {.width = options.width}));
  // The names are torchvision's, as the examples write them too, or the backbone's own.
  const auto weights = models::read_weights(options.weights);
  if (weights.contains("conv1.weight")) {
    models::load_torchvision_state_dict(backbone, weights);
  } else {
    models::load_state_dict(*backbone, weights);
  }
  return backbone;
}

// One view an image, nothing random: the shorter side to `resize`, then the middle. Torchvision
// evaluates on ImageNet with 256 and 224.
transforms::MultiViewTransform whole_image(const Options& options) {
  const std::int64_t side = options.resize > 0 ? options.resize : options.size * 8 / 7;
  const auto view = [side, size = options.size](const at::Tensor& image, core::Random&) {
    const std::int64_t shorter = std::min(image.size(1), image.size(2));
    const transforms::Size resized(side * image.size(1) / shorter, side * image.size(2) / shorter);
    return transforms::functional::center_crop(transforms::functional::resize(image, resized),
                                               size);
  };
  return {.transforms = {view}};
}

int embed(const Options& options) {
  const at::Device device(options.device);
  const auto dtype = training::autocast_dtype(training::parse_precision(options.precision), device);
  const auto images = std::make_shared<data::LightlyDataset>(options.input);
  models::ResNetBackbone backbone = load_backbone(options);
  backbone->eval();
  backbone->to(device);
  training::to_channels_last(*backbone);
  core::AtomicFile(options.output).write("");  // fails now rather than after the work

  data::DataLoader loader(
      images, whole_image(options),
      {.batch_size = options.batch_size, .num_workers = options.workers, .device = device});
  std::vector<at::Tensor> features;
  training::Progress progress(
      std::cout,
      {.label = "embed", .total = loader.size(), .columns = training::terminal_columns(1)});
  const at::NoGradGuard no_grad;
  const core::AutocastGuard autocast(device.type(), dtype);
  for (const data::Batch& batch : loader.epoch(0)) {
    features.push_back(backbone(batch.views[0]).flatten(1).to(at::kCPU, at::kFloat));
    progress.advance(batch.targets.size(0));
  }
  progress.finish();
  const evaluation::Embeddings embeddings{.features = at::cat(features),
                                          .labels = at::tensor(images->targets()),
                                          .file_names = images->get_filenames()};
  evaluation::save_embeddings(options.output, embeddings);
  std::cout << "wrote " << options.output.string() << ": " << images->size() << " images, "
            << embeddings.features.size(1) << " numbers each\n";
  return 0;
}

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Writes the features of the images in a folder to a CSV file.", "embed_folder");
  app.option_defaults()->always_capture_default();
  app.add_option("--input", options.input, "folder of images or of class folders")->required();
  app.add_option("--weights", options.weights, "safetensors, .pt, .pth or .ckpt")->required();
  app.add_option("--backbone", options.backbone,
                 "torchvision's resnet18, 34 or 50, or with a 3x3 stem resnet-9 to resnet-152");
  app.add_option("--width", options.width, "factor of the channels, for a 3x3 stem")
      ->check(CLI::Range(0.125, 64.0));
  app.add_option("--output", options.output, "CSV file to write");
  app.add_option("--size", options.size, "side of what the backbone sees, in pixels")
      ->check(CLI::Range(1, 1 << 14));
  app.add_option("--resize", options.resize, "shorter side before the crop; 0: 8/7 of --size")
      ->check(CLI::Range(0, 1 << 14));
  app.add_option("--batch-size", options.batch_size, "images a forward pass")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--workers", options.workers, "threads that load images")
      ->check(CLI::Range(0, 4096));
  app.add_option("--device", options.device, "cpu or cuda");
  app.add_option("--precision", options.precision, "auto, fp32 or bf16");
  CLI11_PARSE(app, argc, argv);
  return examples::guarded("embed_folder", [&] { return embed(options); });
}
