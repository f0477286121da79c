// Two SimCLR views of 256 images of 32 px, one thread: the work of a loader's worker, views/s.

#include <vector>

#include <benchmark/benchmark.h>

#include "common/images.hpp"
#include "lightly/core/random.hpp"
#include "lightly/data/collate.hpp"

namespace {

using namespace lightly;

constexpr std::int64_t kImages = 256;

// As peers/measure_python.py takes them.
std::vector<data::Sample> read_samples() {
  std::vector<data::Sample> samples;
  for (const at::Tensor& image : bench::fashion_mnist(kImages, 32)) {
    samples.push_back({.image = image,
                       .target = 0,
                       .file_name = {},
                       .index = static_cast<std::int64_t>(samples.size())});
  }
  return samples;
}

void collate(benchmark::State& state, double gaussian_blur) {
  static const std::vector<data::Sample> samples = read_samples();
  const data::SimCLRCollateFunction collate_function(
      {.input_size = 32, .gaussian_blur = gaussian_blur});
  std::uint64_t epoch = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(collate_function(samples, {.seed = 1, .epoch = epoch++}));
  }
  state.SetItemsProcessed(state.iterations() * 2 * kImages);
}

BENCHMARK_CAPTURE(collate, blur, 0.5)->Name("collate_simclr_32")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(collate, no_blur, 0.0)
    ->Name("collate_simclr_32_no_blur")
    ->Unit(benchmark::kMillisecond);

}  // namespace
