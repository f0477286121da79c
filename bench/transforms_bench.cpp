// Every operation at 32 to 224 px (op/s) and SimCLR's views (views/s), one thread and two.
//
// `operation/side`: one call through the public API into a fresh tensor, source in the cache.
// `simclr_no_blur/side` and `simclr_blur/side`: two views of each image of a stream, written into
// the slots of a batch that is used again, which is what a loader's worker does.
// Both in CPU time of one thread. `simclr_blur/side/real_time/threads:n`: the same by the clock, by
// threads with images of their own.

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <c10/util/Exception.h>
#include <hwy/targets.h>

#include "common/images.hpp"
#include "core/kernels/targets.hpp"
#include "data/batch_builder.hpp"
#include "data/batch_memory.hpp"
#include "lightly/data/collate.hpp"
#include "lightly/transforms/functional.hpp"

namespace {

using namespace lightly;
namespace functional = transforms::functional;

constexpr std::int64_t kSides[] = {32, 64, 96, 224};
constexpr std::int64_t kBatch = 256;

struct Operation {
  std::string name;
  std::function<at::Tensor(const bench::OperationImages&, std::int64_t side)> apply;
};

std::vector<Operation> every_operation() {
  using Images = bench::OperationImages;
  return {
      {"resize",
       [](const Images& i, std::int64_t side) { return functional::resize(i.larger, side); }},
      {"resize_bicubic",
       [](const Images& i, std::int64_t side) {
         return functional::resize(i.larger, side,
                                   {.interpolation = functional::Interpolation::kBicubic});
       }},
      {"resize_nearest",
       [](const Images& i, std::int64_t side) {
         return functional::resize(i.larger, side,
                                   {.interpolation = functional::Interpolation::kNearest});
       }},
      {"crop",
       [](const Images& i, std::int64_t) {
         return functional::crop(i.larger, bench::central_box(i.larger));
       }},
      {"center_crop",
       [](const Images& i, std::int64_t side) { return functional::center_crop(i.larger, side); }},
      {"hflip", [](const Images& i, std::int64_t) { return functional::hflip(i.image); }},
      {"vflip", [](const Images& i, std::int64_t) { return functional::vflip(i.image); }},
      {"rotate90", [](const Images& i, std::int64_t) { return functional::rotate90(i.image); }},
      {"rotate_30",
       [](const Images& i, std::int64_t) { return functional::rotate(i.image, 30.0); }},
      {"resized_crop_flip",
       [](const Images& i, std::int64_t side) {
         return functional::hflip(functional::resized_crop(
             i.larger, {.box = bench::central_box(i.larger), .size = side}));
       }},
      {"hue", [](const Images& i, std::int64_t) { return functional::adjust_hue(i.image, 0.1); }},
      {"saturation",
       [](const Images& i, std::int64_t) { return functional::adjust_saturation(i.image, 1.3); }},
      {"contrast",
       [](const Images& i, std::int64_t) { return functional::adjust_contrast(i.image, 1.3); }},
      {"brightness",
       [](const Images& i, std::int64_t) { return functional::adjust_brightness(i.image, 1.3); }},
      {"grayscale",
       [](const Images& i, std::int64_t) { return functional::to_grayscale(i.image); }},
      {"blur_0.8",
       [](const Images& i, std::int64_t) { return functional::gaussian_blur(i.image, 0.8); }},
      {"blur_1.8",
       [](const Images& i, std::int64_t) { return functional::gaussian_blur(i.image, 1.8); }},
      {"solarize",
       [](const Images& i, std::int64_t) { return functional::solarize(i.image, 128); }},
      {"posterize",
       [](const Images& i, std::int64_t) { return functional::posterize(i.image, 4); }},
      {"equalize", [](const Images& i, std::int64_t) { return functional::equalize(i.image); }},
      {"autocontrast",
       [](const Images& i, std::int64_t) { return functional::autocontrast(i.image); }},
      {"invert", [](const Images& i, std::int64_t) { return functional::invert(i.image); }},
      {"to_float",
       [](const Images& i, std::int64_t) {
         return functional::to_float_normalize(i.image, transforms::imagenet_normalize);
       }},
  };
}

void measure_operation(benchmark::State& state, const Operation& operation, std::int64_t side) {
  const bench::OperationImages images = bench::images_for_operations(side);
  for (auto _ : state) {
    benchmark::DoNotOptimize(operation.apply(images, side));
  }
  state.SetItemsProcessed(state.iterations());
}

// The samples of one of `threads` threads, no image twice.
std::vector<data::Sample> part_of(const std::vector<at::Tensor>& images, int thread, int threads) {
  std::vector<data::Sample> samples;
  for (std::size_t i = static_cast<std::size_t>(thread); i < images.size();
       i += static_cast<std::size_t>(threads)) {
    samples.push_back(
        {.image = images[i], .target = 0, .file_name = {}, .index = static_cast<std::int64_t>(i)});
  }
  return samples;
}

// What a worker of the loader does.
void measure_views(benchmark::State& state, std::int64_t side, double gaussian_blur) {
  const std::vector<data::Sample> samples =
      part_of(bench::images_for_views(side), state.thread_index(), state.threads());
  const data::SimCLRCollateFunction collate({.input_size = side, .gaussian_blur = gaussian_blur});
  const auto memory = std::make_shared<data::BatchMemory>(/*most_kept=*/2, /*pinned=*/false);
  core::RandomKey key{.seed = 1};
  std::size_t next = 0;
  const auto make_batch = [&] {
    data::BatchBuilder builder(collate, kBatch, key, memory);
    for (std::int64_t i = 0; i < kBatch; ++i) {
      builder.put({.position = i}, [&] { return samples[next]; }, [] { return std::string(); });
      if (++next == samples.size()) {
        next = 0;
        ++key.epoch;
      }
    }
    benchmark::DoNotOptimize(builder.finish("transforms_bench"));
  };
  make_batch();  // the first touch of the batch's memory is no part of the work
  for (auto _ : state) {
    make_batch();
  }
  state.SetItemsProcessed(state.iterations() * 2 * kBatch);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  at::set_num_threads(1);
  if (const char* target = std::getenv("LIGHTLY_BENCH_TARGET")) {
    TORCH_CHECK_VALUE(std::string_view(target) == "AVX2",
                      "transforms_bench: LIGHTLY_BENCH_TARGET must be AVX2 or unset, got ", target);
    core::kernels::use_target(HWY_AVX2);
  }
  for (const Operation& operation : every_operation()) {
    for (const std::int64_t side : kSides) {
      benchmark::RegisterBenchmark((operation.name + "/" + std::to_string(side)).c_str(),
                                   measure_operation, operation, side)
          ->Unit(benchmark::kMicrosecond);
    }
  }
  for (const auto& [name, gaussian_blur] :
       {std::pair("simclr_no_blur/", 0.0), std::pair("simclr_blur/", 0.5)}) {
    for (const std::int64_t side : kSides) {
      benchmark::RegisterBenchmark((name + std::to_string(side)).c_str(), measure_views, side,
                                   gaussian_blur)
          ->Unit(benchmark::kMillisecond);
    }
  }
  for (const std::int64_t side : kSides) {
    benchmark::RegisterBenchmark(("simclr_blur/" + std::to_string(side)).c_str(), measure_views,
                                 side, 0.5)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime()
        ->ThreadRange(1, 2);
  }
  benchmark::RunSpecifiedBenchmarks();
}
