// SimCLR's views made of whole batches by transforms::BatchView, views/s: the twin of
// transforms_bench.cpp, with its images, recipe and names, so that both stand in one table.
//
// `simclr_no_blur/side` and `simclr_blur/side`: two views of each of the next images of a stream;
// stacking their bytes is part of it. In CPU time of one thread. `simclr_blur/side/threads:n`: the
// same by the clock with n threads of LibTorch.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/stack.h>
#include <benchmark/benchmark.h>

#include "common/images.hpp"
#include "lightly/transforms/batch.hpp"

namespace {

using namespace lightly;

constexpr std::int64_t kSides[] = {32, 64, 96, 224};
constexpr std::uint64_t kViews = 2;

struct Work {
  std::int64_t side;
  double gaussian_blur;
  int threads = 1;

  // Images a batch, as in peers/transforms/kornia_batches.py.
  std::int64_t batch_size() const { return side == 224 ? 32 : 256; }
};

void measure_views(benchmark::State& state, const Work& work) {
  at::set_num_threads(work.threads);
  const std::vector<at::Tensor>& images = bench::images_for_views(work.side);
  const transforms::BatchView view(
      transforms::simclr_view({.input_size = work.side, .gaussian_blur = work.gaussian_blur}));
  core::RandomKey key{.seed = 1};
  std::size_t next = 0;
  for (auto _ : state) {
    std::vector<at::Tensor> taken;
    std::vector<std::int64_t> indices;
    for (std::int64_t i = 0; i < work.batch_size(); ++i) {
      taken.push_back(images[next]);
      indices.push_back(static_cast<std::int64_t>(next));
      next = (next + 1) % images.size();
    }
    const at::Tensor batch = at::stack(taken);
    for (key.view = 0; key.view < kViews; ++key.view) {
      benchmark::DoNotOptimize(view(batch, indices, key));
    }
    ++key.epoch;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kViews) *
                          work.batch_size());
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  for (const auto& [name, gaussian_blur] :
       {std::pair("simclr_no_blur/", 0.0), std::pair("simclr_blur/", 0.5)}) {
    for (const std::int64_t side : kSides) {
      benchmark::RegisterBenchmark((name + std::to_string(side)).c_str(), measure_views,
                                   Work{.side = side, .gaussian_blur = gaussian_blur})
          ->Unit(benchmark::kMillisecond);
    }
  }
  for (const std::int64_t side : kSides) {
    for (const int threads : {1, 2}) {
      const std::string name =
          "simclr_blur/" + std::to_string(side) + "/threads:" + std::to_string(threads);
      benchmark::RegisterBenchmark(name.c_str(), measure_views,
                                   Work{.side = side, .gaussian_blur = 0.5, .threads = threads})
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime();
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
