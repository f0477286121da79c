// SimCLR's views of a batch that is in memory as uint8 [B, 3, H, W], views/s: `batch_views` by
// tensor operations on the whole batch (all threads of LibTorch), `exact_views` one by one with
// Pillow's pixels (one thread). The images are random bytes: no step's time depends on the content.

#include <string>

#include <ATen/ops/empty.h>
#include <ATen/ops/randint.h>
#include <benchmark/benchmark.h>

#include "lightly/transforms/batch.hpp"
#include "lightly/transforms/functional.hpp"

namespace {

using namespace lightly;

// The sizes that peers/measure_kornia.py takes.
struct Work {
  std::string name;
  transforms::Size image_size;
  std::int64_t view_size;
  std::int64_t batch_size;
};

const Work kWork[] = {
    {"32", 32, 32, 256}, {"64", 64, 64, 128}, {"96", 96, 96, 64}, {"224", {375, 500}, 224, 32}};

at::Tensor random_images(const Work& work) {
  return at::randint(0, 256, {work.batch_size, 3, work.image_size.height, work.image_size.width},
                     at::kByte);
}

transforms::ImageViewOptions options_for(const Work& work) {
  return transforms::simclr_view({.input_size = work.view_size});
}

void batch_views(benchmark::State& state, const Work& work) {
  const at::Tensor images = random_images(work);
  const transforms::BatchView view(options_for(work));
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < work.batch_size; ++i) {
    indices.push_back(i);
  }
  std::uint64_t epoch = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(view(images, indices, {.seed = 1, .epoch = epoch++}));
  }
  state.SetItemsProcessed(state.iterations() * work.batch_size);
}

void exact_views(benchmark::State& state, const Work& work) {
  const at::Tensor images = random_images(work).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor views =
      at::empty({work.batch_size, 3, work.view_size, work.view_size},
                at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  const transforms::ImageView view(options_for(work));
  std::uint64_t epoch = 0;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < work.batch_size; ++i) {
      core::Random random({.seed = 1, .epoch = epoch, .index = static_cast<std::uint64_t>(i)});
      transforms::functional::to_float_normalize_into(view(images[i], random),
                                                      transforms::imagenet_normalize, views[i]);
    }
    ++epoch;
  }
  state.SetItemsProcessed(state.iterations() * work.batch_size);
}

const bool kRegistered = [] {
  for (const Work& work : kWork) {
    benchmark::RegisterBenchmark(("batch_views_" + work.name).c_str(), batch_views, work)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    benchmark::RegisterBenchmark(("exact_views_" + work.name).c_str(), exact_views, work)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
  return true;
}();

}  // namespace
