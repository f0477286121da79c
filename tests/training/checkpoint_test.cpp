#include "lightly/training/checkpoint.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/types.h>

#include "lightly/core/random.hpp"
#include "lightly/core/safetensors.hpp"
#include "lightly/models/state_dict.hpp"
#include "lightly/optim/adamw.hpp"
#include "lightly/optim/lars.hpp"
#include "lightly/optim/schedule.hpp"
#include "lightly/optim/sgd.hpp"
#include "lightly/training/memory_format.hpp"
#include "support/matchers.hpp"
#include "training/small_net.hpp"

namespace lightly::training {
namespace {

using lightly::testing::error_text;
using lightly::testing::read_file;
using lightly::testing::right_on_a_full_disk;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_equal;
using lightly::testing::write_file;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr optim::SGDOptions kSgd{.lr = 0.1, .momentum = 0.9, .weight_decay = 5e-4};

// --- A training that can be killed ---------------------------------------------------------------

constexpr std::int64_t kEpochs = 3;
constexpr std::int64_t kStepsOfEpoch = 7;
constexpr std::int64_t kSaveEvery = 3;
constexpr std::uint64_t kSeed = (std::uint64_t{1} << 63) + 5;

torch::Tensor images(std::int64_t epoch, std::int64_t step) {
  core::Random random({.seed = kSeed,
                       .epoch = static_cast<std::uint64_t>(epoch),
                       .index = static_cast<std::uint64_t>(step)});
  std::vector<float> pixels(16 * 3 * 12 * 12);
  std::generate(pixels.begin(), pixels.end(), [&] { return random.uniform(-1.0F, 1.0F); });
  return torch::tensor(pixels).view({16, 3, 12, 12}).contiguous(torch::MemoryFormat::ChannelsLast);
}

// Trains from the start or from `checkpoint`; the process kills itself after `kill_after` steps
// since the very first (never for a negative number), else the result goes to `result`.
void train(const std::filesystem::path& checkpoint, const std::filesystem::path& result,
           bool resume, std::int64_t kill_after) {
  // On a resume nothing of the initial weights may shine through.
  torch::manual_seed(resume ? 99 : 1);
  SmallNet net;
  to_channels_last(*net);
  optim::SGD sgd(net->parameters(), kSgd);
  const optim::CosineWarmupSchedule schedule(
      {.warmup_epochs = 4, .max_epochs = kEpochs * kStepsOfEpoch});
  TrainingState state{.seed = kSeed};
  if (resume) {
    state = load_checkpoint(checkpoint, *net, sgd);
  }
  const torch::Tensor labels = torch::arange(16) % 3;
  for (; state.epoch < kEpochs; ++state.epoch, state.step = 0) {
    while (state.step < kStepsOfEpoch) {
      const std::int64_t done = state.epoch * kStepsOfEpoch + state.step;
      if (done == kill_after) {
        std::raise(SIGKILL);
      }
      sgd.set_lr(kSgd.lr * schedule(done));
      sgd.zero_grad();
      const torch::Tensor x = images(state.epoch, state.step);
      torch::nn::functional::cross_entropy(net(x), labels).backward();
      sgd.step();
      ++state.step;
      if ((done + 1) % kSaveEvery == 0) {
        save_checkpoint(checkpoint, *net, sgd, state);
      }
    }
  }
  save_checkpoint(result, *net, sgd, state);
}

// This program run anew with LIGHTLY_TEST_TRAIN set trains instead of testing.
class TrainInstead : public ::testing::Environment {
 public:
  void SetUp() override {
    if (const char* folder = std::getenv("LIGHTLY_TEST_TRAIN")) {
      const std::filesystem::path path = folder;
      train(path / "checkpoint", path / "result", std::getenv("LIGHTLY_TEST_RESUME") != nullptr,
            std::atoll(std::getenv("LIGHTLY_TEST_KILL_AFTER")));
      ::_exit(0);
    }
  }
};

[[maybe_unused]] const auto* const kTrainInstead =
    ::testing::AddGlobalTestEnvironment(new TrainInstead);

// The wait status of a fresh process that trains in `folder`.
int train_in_a_process(const std::filesystem::path& folder, bool resume, std::int64_t kill_after) {
  const std::string kill_text = std::to_string(kill_after);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("LIGHTLY_TEST_TRAIN", folder.c_str(), 1);
    ::setenv("LIGHTLY_TEST_KILL_AFTER", kill_text.c_str(), 1);
    if (resume) {
      ::setenv("LIGHTLY_TEST_RESUME", "1", 1);
    }
    ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
    ::execl("/proc/self/exe", "training", "--gtest_filter=Checkpoint.*", nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(Checkpoint, ResumingAfterSigkillContinuesBitForBit) {
  const TemporaryFolder whole;
  ASSERT_EQ(train_in_a_process(whole.path(), /*resume=*/false, /*kill_after=*/-1), 0);
  const TemporaryFolder broken;
  // Killed twice in the middle of an epoch, both times some steps after the last checkpoint.
  ASSERT_EQ(train_in_a_process(broken.path(), /*resume=*/false, /*kill_after=*/11), SIGKILL);
  ASSERT_EQ(train_in_a_process(broken.path(), /*resume=*/true, /*kill_after=*/17), SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(broken / "result"));
  ASSERT_EQ(train_in_a_process(broken.path(), /*resume=*/true, /*kill_after=*/-1), 0);
  // Whole files: tensors of model and optimizer, epoch, step, seed.
  EXPECT_TRUE(read_file(broken / "result") == read_file(whole / "result"));
}

TEST(Checkpoint, AProcessKilledWhileWritingLeavesAWholeFile) {
  const TemporaryFolder folder;
  const auto path = folder / "checkpoint";
  torch::nn::Linear net(512, 512);
  optim::SGD sgd(net->parameters(), {.lr = 0.1});
  const auto fill = [&](std::int64_t value) {
    // Plain loops: a forked process has none of the threads of an operator.
    for (const torch::Tensor& each : net->parameters()) {
      std::fill_n(each.mutable_data_ptr<float>(), each.numel(), static_cast<float>(value));
    }
  };
  core::Random random(1);
  std::int64_t last = 0;
  for (int round = 0; round < 25; ++round) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      for (std::int64_t step = last + 1;; ++step) {
        fill(step);
        save_checkpoint(path, *net, sgd, {.step = step});
        [[maybe_unused]] const auto written = ::write(pipe[1], &step, sizeof(step));
      }
    }
    ::close(pipe[1]);
    ASSERT_EQ(::read(pipe[0], &last, sizeof(last)), static_cast<ssize_t>(sizeof(last)));
    // Killed at some moment of one of the next saves.
    const timespec wait{0, static_cast<long>(random.below(8'000'000))};
    ::ppoll(nullptr, 0, &wait, nullptr);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(pipe[0], &last, sizeof(last)) > 0) {
    }
    ::close(pipe[0]);

    fill(-1);
    const TrainingState state = load_checkpoint(path, *net, sgd);
    // What was reported as saved is there, or the one after it.
    ASSERT_TRUE(state.step == last || state.step == last + 1) << state.step << " after " << last;
    for (const torch::Tensor& each : net->parameters()) {
      ASSERT_TRUE(each.eq(static_cast<double>(state.step)).all().item<bool>());
    }
  }
}

// --- What a checkpoint holds ---------------------------------------------------------------------

// A network and its optimizer after one step, so that there are momentum buffers.
struct Trained {
  explicit Trained(std::int64_t classes = 3, const optim::SGDOptions& options = kSgd)
      : net(classes), sgd(net->parameters(), options) {
    net(torch::randn({4, 3, 6, 6})).square().sum().backward();
    sgd.step();
  }
  SmallNet net;
  optim::SGD sgd;
};

TEST(Checkpoint, RoundTripRestoresTensorsCountersSeedAndNotes) {
  const TemporaryFolder folder;
  Trained from;
  from.sgd.set_lr(0.0123);
  const TrainingState state{
      .epoch = 7,
      .step = 123456789012,
      .seed = ~std::uint64_t{0},
      .notes = {{"backbone", "resnet-18"}, {"odd", "\"\n\xc3\xa4"}, {"", ""}}};
  save_checkpoint(folder / "c.safetensors", *from.net, from.sgd, state);
  Trained to;
  const TrainingState loaded = load_checkpoint(folder / "c.safetensors", *to.net, to.sgd);
  EXPECT_EQ(loaded.epoch, state.epoch);
  EXPECT_EQ(loaded.step, state.step);
  EXPECT_EQ(loaded.seed, state.seed);
  EXPECT_EQ(loaded.notes, state.notes);
  EXPECT_EQ(to.sgd.lr(), 0.0123);
  for (const auto& item : models::state_dict(*from.net)) {
    EXPECT_TRUE(tensors_equal(models::state_dict(*to.net)[item.key()], item.value())) << item.key();
  }
  for (const auto& [name, tensor] : from.sgd.state()) {
    EXPECT_TRUE(tensors_equal(to.sgd.state().at(name), tensor)) << name;
  }
}

TEST(Checkpoint, KeepsIdentityAndLayoutOfTheModelItIsLoadedInto) {
  const TemporaryFolder folder;
  Trained from;
  save_checkpoint(folder / "c", *from.net, from.sgd, {});
  SmallNet net;
  to_channels_last(*net);
  optim::SGD sgd(net->parameters(), kSgd);
  const torch::Tensor held = net->conv->weight;
  load_checkpoint(folder / "c", *net, sgd);
  EXPECT_TRUE(held.is_same(net->conv->weight));
  EXPECT_TRUE(held.is_contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(sgd.state().at("momentum_buffer.0").is_contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(tensors_equal(held, from.net->conv->weight));
}

using MakeOptimizer =
    std::function<std::unique_ptr<optim::Optimizer>(const std::vector<optim::ParameterGroup>&)>;

template <typename Kind, typename Options>
MakeOptimizer maker(const Options& options) {
  return [options](const auto& groups) { return std::make_unique<Kind>(groups, options); };
}

TEST(Checkpoint, EveryOptimizerContinuesBitForBitWithItsGroups) {
  const MakeOptimizer makers[] = {
      maker<optim::SGD>(kSgd),
      maker<optim::AdamW>(optim::AdamWOptions{.weight_decay = 0.1}),
      maker<optim::AdamW>(optim::AdamWOptions{.amsgrad = true, .fused = false}),
      maker<optim::LARS>(optim::LARSOptions{.lr = 1.0, .momentum = 0.9, .weight_decay = 1e-3}),
  };
  const auto go_on = [](SmallNet& net, optim::Optimizer& optimizer, std::int64_t begin,
                        std::int64_t end) {
    for (std::int64_t step = begin; step < end; ++step) {
      optimizer.zero_grad();
      torch::nn::functional::cross_entropy(net(images(0, step)), torch::arange(16) % 3).backward();
      optimizer.set_lr(optimizer.lr() * 0.9);
      optimizer.step();
    }
  };
  for (const MakeOptimizer& make : makers) {
    const TemporaryFolder folder;
    SmallNet whole;
    to_channels_last(*whole);
    const auto optimizer = make(optim::decay_groups(*whole));
    go_on(whole, *optimizer, 0, 4);
    optimizer->set_weight_decay(0, 0.01);
    save_checkpoint(folder / "middle", *whole, *optimizer, {.step = 4});
    go_on(whole, *optimizer, 4, 9);
    save_checkpoint(folder / "whole", *whole, *optimizer, {.step = 9});

    SmallNet other;
    to_channels_last(*other);
    const auto resumed = make(optim::decay_groups(*other));
    const TrainingState state = load_checkpoint(folder / "middle", *other, *resumed);
    go_on(other, *resumed, state.step, 9);
    save_checkpoint(folder / "other", *other, *resumed, {.step = 9});
    EXPECT_TRUE(read_file(folder / "other") == read_file(folder / "whole"));
    // Another kind of optimizer is told.
    optim::AdamW wrong(optim::decay_groups(*other), {.amsgrad = true});
    if (resumed->state().contains("momentum_buffer.0")) {
      EXPECT_THAT(error_text([&] { load_checkpoint(folder / "whole", *other, wrong); }),
                  HasSubstr("optimizer: unexpected momentum_buffer.0"));
    }
  }
}

TEST(Checkpoint, IsASafetensorsFileWithPythonsNames) {
  const TemporaryFolder folder;
  Trained from;
  save_checkpoint(folder / "c", *from.net, from.sgd, {.epoch = 2});
  const core::Safetensors content = core::load_safetensors(folder / "c");
  EXPECT_TRUE(tensors_equal(content.at("model.conv.weight"), from.net->conv->weight));
  EXPECT_EQ(content.at("model.bn.num_batches_tracked").item<std::int64_t>(), 1);
  EXPECT_EQ(content.at("optimizer.lr").item<double>(), 0.1);
  EXPECT_EQ(content.metadata.at("epoch"), "2");
}

// --- Bad input -----------------------------------------------------------------------------------

// Expects that loading `path` fails with a text that names the file, and changes nothing.
std::string load_error(const std::filesystem::path& path, std::int64_t classes = 3,
                       const optim::SGDOptions& options = kSgd) {
  Trained to(classes, options);
  const torch::Tensor weight = to.net->conv->weight.detach().clone();
  const double lr = to.sgd.lr();
  const std::string text = error_text([&] { load_checkpoint(path, *to.net, to.sgd); });
  EXPECT_THAT(text, HasSubstr(path.string()));
  EXPECT_TRUE(tensors_equal(to.net->conv->weight, weight));
  EXPECT_EQ(to.sgd.lr(), lr);
  return text;
}

TEST(Checkpoint, EveryTruncationIsAnErrorThatNamesTheFile) {
  const TemporaryFolder folder;
  Trained from;
  save_checkpoint(folder / "c", *from.net, from.sgd, {});
  const std::string good = read_file(folder / "c");
  core::Random random(1);
  for (int i = 0; i < 15; ++i) {
    write_file(folder / "cut", good.substr(0, random.below(good.size())));
    load_error(folder / "cut");
  }
  write_file(folder / "cut", good.substr(0, good.size() - 1));
  load_error(folder / "cut");
  EXPECT_THAT(load_error(folder / "none"), HasSubstr("cannot open"));
}

TEST(Checkpoint, RejectsFilesThatAreNoCheckpoints) {
  const TemporaryFolder folder;
  Trained from;
  core::Safetensors content;
  for (const auto& item : models::state_dict(*from.net)) {
    content.tensors[item.key()] = item.value();
  }
  core::save_safetensors(folder / "weights", content);
  EXPECT_THAT(load_error(folder / "weights"),
              HasSubstr("weights: not a checkpoint, the metadata must say 'lightly checkpoint 1'"));
}

TEST(Checkpoint, RejectsCountersThatAreNoNumbers) {
  const TemporaryFolder folder;
  Trained from;
  save_checkpoint(folder / "c", *from.net, from.sgd, {});
  for (const char* key : {"epoch", "step", "seed"}) {
    for (const char* text : {"", "-1", "1x", "0.5", "99999999999999999999"}) {
      core::Safetensors content = core::load_safetensors(folder / "c");
      content.metadata[key] = text;
      core::save_safetensors(folder / "bad", content);
      EXPECT_THAT(load_error(folder / "bad"),
                  HasSubstr(std::string(key) + " must be a whole number >= 0, got " + text));
    }
    core::Safetensors content = core::load_safetensors(folder / "c");
    content.metadata.erase(key);
    core::save_safetensors(folder / "bad", content);
    EXPECT_THAT(load_error(folder / "bad"), HasSubstr(std::string("no ") + key));
  }
}

TEST(Checkpoint, ListsEverythingThatDoesNotFitModelAndOptimizer) {
  const TemporaryFolder folder;
  Trained from;
  save_checkpoint(folder / "c", *from.net, from.sgd, {});
  EXPECT_THAT(
      load_error(folder / "c", /*classes=*/5),
      AllOf(HasSubstr("does not fit: model: fc.weight is Float [3, 8], expected Float [5, 8]; "
                      "model: fc.bias is Float [3], expected Float [5]; "),
            HasSubstr("optimizer: momentum_buffer.3 is Float [3, 8], expected Float")));
  EXPECT_THAT(load_error(folder / "c", 3, {.lr = 0.5}),
              HasSubstr("optimizer: unexpected momentum_buffer.0"));
  core::Safetensors content = core::load_safetensors(folder / "c");
  content.tensors["ema.weight"] = torch::zeros({1});
  content.tensors.erase("model.bn.weight");
  content.tensors.erase("optimizer.lr");
  core::save_safetensors(folder / "other", content);
  EXPECT_THAT(load_error(folder / "other"),
              HasSubstr("does not fit: unexpected ema.weight; model: missing bn.weight; "
                        "optimizer: missing lr"));
}

TEST(Checkpoint, SavingNamesTheFileItCannotWrite) {
  const TemporaryFolder folder;
  Trained from;
  EXPECT_THAT(error_text([&] {
                save_checkpoint("/nonexistent-folder/c", *from.net, from.sgd, TrainingState());
              }),
              HasSubstr("/nonexistent-folder/c: No such file or directory"));
  EXPECT_THAT(
      error_text([&] { save_checkpoint(folder / "c", *from.net, from.sgd, {.epoch = -1}); }),
      HasSubstr("save_checkpoint: epoch must be >= 0, got -1"));
  EXPECT_THAT(error_text([&] { save_checkpoint(folder / "c", *from.net, from.sgd, {.step = -1}); }),
              HasSubstr("save_checkpoint: step must be >= 0, got -1"));
  EXPECT_FALSE(std::filesystem::exists(folder / "c"));
}

TEST(Checkpoint, AModelThatDivergedKeepsTheOldOne) {
  const TemporaryFolder folder;
  Trained from;
  save_checkpoint(folder / "c", *from.net, from.sgd, {.epoch = 3});
  const std::string old = read_file(folder / "c");
  from.net->fc->weight.data().fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(error_text([&] { save_checkpoint(folder / "c", *from.net, from.sgd, {}); }),
              HasSubstr("c: fc.weight must be finite"));
  EXPECT_EQ(read_file(folder / "c"), old);
}

TEST(Checkpoint, AFullDiskKeepsTheOldOne) {
  const TemporaryFolder folder;
  Trained from;
  save_checkpoint(folder / "c", *from.net, from.sgd, {.epoch = 3});
  const std::string old = read_file(folder / "c");
  EXPECT_TRUE(right_on_a_full_disk(1000, [&] {
    const std::string text =
        error_text([&] { save_checkpoint(folder / "c", *from.net, from.sgd, {.epoch = 4}); });
    return text.find((folder / "c").string() + ": File too large") != std::string::npos;
  }));
  EXPECT_EQ(read_file(folder / "c"), old);
}

}  // namespace
}  // namespace lightly::training
