#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace lightly::examples {

/// The command-line options of the training examples, `batch_size` as `--batch-size`.
struct TrainOptions {
  /// Folder or archive; empty: CIFAR-10, else Fashion-MNIST (see Program::data).
  std::string data = {};
  std::int64_t epochs = 3;
  /// Images a step, two views each.
  std::int64_t batch_size = 256;
  std::string backbone = "resnet-9";
  /// 0: a backbone that has none.
  double width = 0.25;
  /// Learning rate for 256 images a step; it grows with the batch.
  double lr = 0.06;
  std::string device = "cpu";
  std::string precision = "auto";
  std::int64_t workers = 1;
  std::uint64_t seed = 1;
  /// Default: runs/<name of the program>.
  std::filesystem::path output = {};
  bool resume = false;

  /// One line that says what is trained: a checkpoint goes on only with the same.
  std::string setup(const std::string& data_name, std::string_view precision_name) const;
};

/// Calls `body` and returns its exit status; an error goes to the standard error stream as
/// `<name>: <text>` and gives status 1.
int guarded(const std::string& name, const std::function<int()>& body);

/// What a training example says of itself.
struct Program {
  std::string description;
  /// Name of the one backbone there is; without it the command line chooses backbone and width.
  std::optional<std::string> backbone = std::nullopt;
  /// What the data are, which then must be named, with or without `--data` before it; without it
  /// they are those of load_small_images.
  std::optional<std::string> data = std::nullopt;
  /// Adds the options that are the program's own.
  std::function<void(CLI::App&)> add_options = {};
};

/// The body of `main`: reads the options and calls `train`, guarded.
int run(int argc, char** argv, const Program& program,
        const std::function<int(const TrainOptions&)>& train);

}  // namespace lightly::examples
