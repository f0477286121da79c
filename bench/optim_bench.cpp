// One step of an optimizer for the parameters of ResNet-18 (11.2 million), beside those of LibTorch
// on the same tensors; one thread.

#include <ATen/Parallel.h>
#include <ATen/ops/randn_like.h>
#include <benchmark/benchmark.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include "lightly/models/resnet.hpp"
#include "lightly/models/resnet_backbone.hpp"
#include "lightly/optim/adamw.hpp"
#include "lightly/optim/lars.hpp"
#include "lightly/optim/parameter_groups.hpp"
#include "lightly/optim/sgd.hpp"

namespace {

using namespace lightly;

// Times the steps of what `make` makes of a backbone whose parameters have gradients.
template <typename Make>
void optimizer_step(benchmark::State& state, Make make) {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  models::ResNetBackbone backbone(models::ResNetGenerator("resnet-18"));
  for (const at::Tensor& parameter : backbone->parameters()) {
    parameter.mutable_grad() = 0.01 * at::randn_like(parameter).detach();
  }
  auto optimizer = make(*backbone);
  optimizer.step();  // what is remembered is made by the first one
  for (auto _ : state) {
    optimizer.step();
  }
  at::set_num_threads(threads);
}

#define LIGHTLY_OPTIM_BENCHMARK(name, ...)                                       \
  BENCHMARK_CAPTURE(optimizer_step, name,                                        \
                    [](const torch::nn::Module& module) { return __VA_ARGS__; }) \
      ->Name("optim_" #name)                                                     \
      ->Unit(benchmark::kMillisecond)                                            \
      ->UseRealTime()

LIGHTLY_OPTIM_BENCHMARK(sgd, optim::SGD(module.parameters(),
                                        {.lr = 0.06, .momentum = 0.9, .weight_decay = 5e-4}));
LIGHTLY_OPTIM_BENCHMARK(
    sgd_libtorch,
    torch::optim::SGD(module.parameters(),
                      torch::optim::SGDOptions(0.06).momentum(0.9).weight_decay(5e-4)));
LIGHTLY_OPTIM_BENCHMARK(adamw, optim::AdamW(module.parameters(), {}));
LIGHTLY_OPTIM_BENCHMARK(adamw_one_by_one, optim::AdamW(module.parameters(), {.fused = false}));
LIGHTLY_OPTIM_BENCHMARK(adamw_libtorch, torch::optim::AdamW(module.parameters()));
LIGHTLY_OPTIM_BENCHMARK(lars, optim::LARS(optim::decay_groups(module),
                                          {.lr = 1.2, .momentum = 0.9, .weight_decay = 1e-6}));

}  // namespace
