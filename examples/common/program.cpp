#include "common/program.hpp"

#include <iostream>
#include <sstream>

#include <c10/util/Exception.h>
#include <CLI/CLI.hpp>

#include "lightly/training/freed_memory.hpp"

namespace lightly::examples {

std::string TrainOptions::setup(const std::string& data_name,
                                std::string_view precision_name) const {
  std::ostringstream text;
  text << data_name << ", " << backbone;
  if (width > 0.0) {
    text << " of width " << width;
  }
  text << ", " << epochs << " epochs of batches of " << batch_size << ", lr " << lr << ", seed "
       << seed << ", " << precision_name;
  return text.str();
}

int guarded(const std::string& name, const std::function<int()>& body) {
  try {
    return body();
  } catch (const c10::Error& error) {
    std::cerr << name << ": " << error.what_without_backtrace() << '\n';
  } catch (const std::exception& error) {
    std::cerr << name << ": " << error.what() << '\n';
  }
  return 1;
}

int run(int argc, char** argv, const Program& program,
        const std::function<int(const TrainOptions&)>& train) {
  const std::string name = std::filesystem::path(argv[0]).filename().string();
  TrainOptions options{.output = std::filesystem::path("runs") / name};
  CLI::App app(program.description, name);
  app.option_defaults()->always_capture_default();
  if (program.data) {
    app.add_option("data,--data", options.data, *program.data)->required();
  } else {
    app.add_option("--data", options.data, "folder or archive; none: CIFAR-10, else Fashion-MNIST");
  }
  app.add_option("--epochs", options.epochs, "passes over the training images")
      ->check(CLI::PositiveNumber);
  app.add_option("--batch-size", options.batch_size, "images a step, two views each")
      ->check(CLI::Range(2, 1 << 20));
  if (program.backbone) {
    options.backbone = *program.backbone;
    options.width = 0.0;
  } else {
    app.add_option("--backbone", options.backbone, "network with a 3x3 stem: resnet-9 to -152");
    app.add_option("--width", options.width, "factor of the backbone's channels")
        ->check(CLI::Range(0.125, 64.0));
  }
  app.add_option("--lr", options.lr, "learning rate for 256 images a step; it grows with the batch")
      ->check(CLI::PositiveNumber);
  app.add_option("--device", options.device, "cpu or cuda");
  app.add_option("--precision", options.precision, "of the training steps: auto, fp32 or bf16");
  app.add_option("--workers", options.workers, "threads that make views")
      ->check(CLI::Range(0, 4096));
  app.add_option("--seed", options.seed, "of weights, order and views");
  app.add_option("--output", options.output, "folder for checkpoint, weights, metrics, pictures");
  app.add_flag("--resume", options.resume, "go on from the checkpoint in --output");
  if (program.add_options) {
    program.add_options(app);
  }
  CLI11_PARSE(app, argc, argv);
  training::keep_freed_memory();
  return guarded(name, [&] { return train(options); });
}

}  // namespace lightly::examples
