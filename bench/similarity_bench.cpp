// NT-Xent forward and backward, and kNN of 10,000 queries in a bank of 50,000: ms.

#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>
#include <torch/nn/functional/normalization.h>

#include "lightly/evaluation/knn.hpp"
#include "lightly/loss/ntx_ent_loss.hpp"

namespace {

using namespace lightly;

void ntxent(benchmark::State& state) {
  const auto leaf = at::TensorOptions().requires_grad(true);
  const at::Tensor out0 = torch::randn({state.range(0), 128}, leaf);
  const at::Tensor out1 = torch::randn({state.range(0), 128}, leaf);
  loss::NTXentLoss criterion({.temperature = 0.5});
  for (auto _ : state) {
    criterion(out0, out1).backward();
  }
}
BENCHMARK(ntxent)->Name("ntxent_256")->Arg(256)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(ntxent)->Name("ntxent_1024")->Arg(1024)->Unit(benchmark::kMillisecond)->UseRealTime();

void knn(benchmark::State& state) {
  namespace F = torch::nn::functional;
  const auto rows = F::NormalizeFuncOptions().dim(1);
  const at::Tensor bank = F::normalize(at::randn({50'000, 128}), rows);
  const at::Tensor queries = F::normalize(at::randn({10'000, 128}), rows);
  const at::Tensor labels = at::randint(10, {50'000}, at::kLong);
  for (auto _ : state) {
    benchmark::DoNotOptimize(evaluation::knn_predict(queries, bank, labels, {.num_classes = 10}));
  }
}
BENCHMARK(knn)->Name("knn_10000x50000x128")->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
