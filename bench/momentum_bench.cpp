// One update of a momentum encoder of the size of ResNet-50 (25.6 million float32 parameters), with
// 1 and 2 threads: ms. Beside update_momentum the loops and foreach calls that it replaces.

#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <benchmark/benchmark.h>

#include "lightly/models/momentum.hpp"
#include "lightly/models/resnet.hpp"

namespace {

using namespace lightly;
using Tensors = std::vector<at::Tensor>;

constexpr double kMomentum = 0.999;

void in_one_pass(Tensors& q, Tensors& k) {
  models::update_momentum(q, k, kMomentum);
}

void in_place(Tensors& q, Tensors& k) {
  for (std::size_t i = 0; i < k.size(); ++i) {
    k[i].mul_(kMomentum).add_(q[i], 1.0 - kMomentum);
  }
}

// k.data = k.data * m + q.data * (1.0 - m)
void as_python(Tensors& q, Tensors& k) {
  for (std::size_t i = 0; i < k.size(); ++i) {
    k[i].set_data(k[i].detach() * kMomentum + q[i].detach() * (1.0 - kMomentum));
  }
}

void foreach_mul_add(Tensors& q, Tensors& k) {
  at::_foreach_mul_(k, kMomentum);
  at::_foreach_add_(k, q, 1.0 - kMomentum);
}

void foreach_lerp(Tensors& q, Tensors& k) {
  at::_foreach_lerp_(k, q, 1.0 - kMomentum);
}

void update(benchmark::State& state, void (*function)(Tensors&, Tensors&)) {
  const int threads = at::get_num_threads();
  at::set_num_threads(static_cast<int>(state.range(0)));
  const auto make = [] {
    return models::ResNetGenerator("resnet-50", {.num_classes = 1000, .stem = models::Stem::k7x7})
        ->parameters();
  };
  Tensors q = make();
  Tensors k = make();
  const at::NoGradGuard no_grad;
  for (auto _ : state) {
    function(q, k);
  }
  at::set_num_threads(threads);
}

#define LIGHTLY_MOMENTUM_BENCHMARK(function)    \
  BENCHMARK_CAPTURE(update, function, function) \
      ->Name("momentum_resnet50_" #function)    \
      ->ArgName("threads")                      \
      ->Arg(1)                                  \
      ->Arg(2)                                  \
      ->Unit(benchmark::kMillisecond)           \
      ->UseRealTime()

LIGHTLY_MOMENTUM_BENCHMARK(in_one_pass);
LIGHTLY_MOMENTUM_BENCHMARK(in_place);
LIGHTLY_MOMENTUM_BENCHMARK(as_python);
LIGHTLY_MOMENTUM_BENCHMARK(foreach_mul_add);
LIGHTLY_MOMENTUM_BENCHMARK(foreach_lerp);

}  // namespace
