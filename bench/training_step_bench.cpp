// One training step of SimCLR on 128 images = 256 views of 32 px: forward, loss, backward, SGD;
// views/s.

#include <string>

#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>

#include "lightly/core/autocast.hpp"
#include "lightly/loss/ntx_ent_loss.hpp"
#include "lightly/models/resnet.hpp"
#include "lightly/models/resnet_backbone.hpp"
#include "lightly/models/simclr.hpp"
#include "lightly/optim/sgd.hpp"
#include "lightly/training/freed_memory.hpp"
#include "lightly/training/memory_format.hpp"
#include "lightly/training/precision.hpp"

namespace {

using namespace lightly;

struct Network {
  const char* name;
  double width;
};

struct Setting {
  at::MemoryFormat format;
  training::Precision precision;
};

void step(benchmark::State& state, Network network, Setting setting) {
  const auto [format, precision] = setting;
  if (precision == training::Precision::kBFloat16 && !training::cpu_multiplies_bfloat16()) {
    state.SkipWithError("this CPU has no bfloat16 instructions");
    return;
  }
  training::keep_freed_memory();  // as the training programs do
  auto resnet = models::ResNetGenerator(network.name, {.width = network.width});
  // Without the stem's ReLU, as Python's backbone: the same work.
  models::SimCLR model(models::ResNetBackbone(resnet, {.relu_after_stem = false}),
                       {.num_ftrs = resnet->num_ftrs()});
  if (format == at::MemoryFormat::ChannelsLast) {
    training::to_channels_last(*model);
  }
  loss::NTXentLoss criterion({.temperature = 0.5});
  optim::SGD optimizer(model->parameters(), {.lr = 0.06, .momentum = 0.9, .weight_decay = 5e-4});
  const auto x0 = at::randn({128, 3, 32, 32}).contiguous(format);
  const auto x1 = at::randn({128, 3, 32, 32}).contiguous(format);
  for (auto _ : state) {
    optimizer.zero_grad();
    at::Tensor loss;
    {
      const core::AutocastGuard autocast(at::kCPU, training::autocast_dtype(precision, at::kCPU));
      const auto [out0, out1] = model->forward(x0, x1);
      loss = criterion(out0, out1);
    }
    loss.backward();
    optimizer.step();
    benchmark::DoNotOptimize(loss.item<float>());
  }
  state.SetItemsProcessed(state.iterations() * 256);
}

constexpr Network kResNet18{"resnet-18", 1.0};
constexpr Network kResNet9{"resnet-9", 0.25};

constexpr Setting kPlain{at::MemoryFormat::Contiguous, training::Precision::kFloat32};
constexpr Setting kChannelsLast{at::MemoryFormat::ChannelsLast, training::Precision::kFloat32};
constexpr Setting kBFloat16{at::MemoryFormat::ChannelsLast, training::Precision::kBFloat16};

#define LIGHTLY_STEP_BENCHMARK(id, network, setting) \
  BENCHMARK_CAPTURE(step, id, network, setting)      \
      ->Name("step_" #id)                            \
      ->Unit(benchmark::kMillisecond)                \
      ->MinTime(3.0)                                 \
      ->Repetitions(3)                               \
      ->UseRealTime()

LIGHTLY_STEP_BENCHMARK(resnet18_fp32, kResNet18, kPlain);
LIGHTLY_STEP_BENCHMARK(resnet18_fp32_channels_last, kResNet18, kChannelsLast);
LIGHTLY_STEP_BENCHMARK(resnet18_bf16_channels_last, kResNet18, kBFloat16);
LIGHTLY_STEP_BENCHMARK(resnet9_w025_fp32, kResNet9, kPlain);
LIGHTLY_STEP_BENCHMARK(resnet9_w025_fp32_channels_last, kResNet9, kChannelsLast);
LIGHTLY_STEP_BENCHMARK(resnet9_w025_bf16_channels_last, kResNet9, kBFloat16);

}  // namespace
