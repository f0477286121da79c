// Two SimCLR views of 256 images of 32 px, one thread: the work of a loader's worker, views/s.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "lightly/core/random.hpp"
#include "lightly/data/collate.hpp"
#include "lightly/data/idx_dataset.hpp"
#include "lightly/transforms/functional.hpp"

namespace {

using namespace lightly;

constexpr std::int64_t kImages = 256;

// The first images of Fashion-MNIST at 32 px, as peers/measure_python.py takes them.
std::vector<data::Sample> read_samples() {
  const char* chosen = std::getenv("LIGHTLY_BENCH_IMAGES");
  const std::filesystem::path images =
      chosen != nullptr ? chosen : "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";
  auto options = data::IdxDataset::mnist(images.parent_path(), data::Split::kTrain);
  options.images = images;
  const data::IdxDataset dataset(options);
  std::vector<data::Sample> samples;
  for (std::int64_t i = 0; i < kImages; ++i) {
    samples.push_back(dataset.get(i));
    samples.back().image = transforms::functional::resize(samples.back().image, 32);
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
