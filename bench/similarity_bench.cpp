// NT-Xent forward and backward, with and without a memory bank, and kNN of 10,000 queries in a bank
// of 50,000, one thread: ms.

#include <string>

#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>
#include <torch/nn/functional/normalization.h>

#include "lightly/evaluation/knn.hpp"
#include "lightly/loss/ntx_ent_loss.hpp"

namespace {

using namespace lightly;

at::Tensor unit_rows(std::int64_t rows, std::int64_t dim) {
  namespace F = torch::nn::functional;
  return F::normalize(at::randn({rows, dim}), F::NormalizeFuncOptions().dim(1));
}

// One thread for a benchmark, then as many as before.
class OneThread {
 public:
  OneThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

void ntxent(benchmark::State& state, const loss::NTXentLossOptions& options) {
  const OneThread one_thread;
  const auto leaf = at::TensorOptions().requires_grad(true);
  const at::Tensor out0 = torch::randn({state.range(0), 128}, leaf);
  const at::Tensor out1 = torch::randn({state.range(0), 128}, leaf);
  loss::NTXentLoss criterion(options);
  criterion(out0, out1).backward();  // makes the memory of the others, as the peer's first call
  for (auto _ : state) {
    criterion(out0, out1).backward();
  }
}

void ntxent_bank(benchmark::State& state) {
  const OneThread one_thread;
  const at::Tensor out0 =
      torch::randn({state.range(0), 128}, at::TensorOptions().requires_grad(true));
  const at::Tensor out1 = torch::randn({state.range(0), 128});
  loss::NTXentLoss criterion({.memory_bank_size = {state.range(1), 128}});
  criterion(out0, out1).backward();
  for (auto _ : state) {
    criterion(out0, out1).backward();
  }
}

void knn(benchmark::State& state) {
  const OneThread one_thread;
  const at::Tensor bank = unit_rows(50'000, state.range(0));
  const at::Tensor queries = unit_rows(10'000, state.range(0));
  const at::Tensor labels = at::randint(10, {50'000}, at::kLong);
  for (auto _ : state) {
    benchmark::DoNotOptimize(evaluation::knn_predict(queries, bank, labels, {.num_classes = 10}));
  }
}

benchmark::internal::Benchmark* in_ms(benchmark::internal::Benchmark* benchmark) {
  return benchmark->Unit(benchmark::kMillisecond)->UseRealTime();
}

const bool registered = [] {
  for (const std::int64_t batch : {256, 1024, 4096}) {
    const std::string size = std::to_string(batch);
    in_ms(
        benchmark::RegisterBenchmark(("ntxent_" + size).c_str(), ntxent, loss::NTXentLossOptions{}))
        ->Arg(batch);
    in_ms(benchmark::RegisterBenchmark(("ntxent_" + size + "_recomputed").c_str(), ntxent,
                                       loss::NTXentLossOptions{.kept_bytes = 0}))
        ->Arg(batch);
  }
  for (const std::int64_t size : {4096, 65536}) {
    in_ms(benchmark::RegisterBenchmark(("ntxent_256_bank_" + std::to_string(size)).c_str(),
                                       ntxent_bank))
        ->Args({256, size});
  }
  for (const std::int64_t dim : {128, 512}) {
    in_ms(benchmark::RegisterBenchmark(("knn_10000x50000x" + std::to_string(dim)).c_str(), knn))
        ->Arg(dim);
  }
  return true;
}();

}  // namespace
