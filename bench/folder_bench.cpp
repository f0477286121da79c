// A folder of JPEGs to two 224 px SimCLR views an image, and CIFAR-10 to two of 32 px: images/s of
// the whole loader, by the clock.
//
// `folder/<images>/<workers>[/fast]`, the second row by Decode::kFast; `cifar10/<workers>`: batches
// of 512, in batches/s. Counters: milliseconds an image of one worker for loading, decoding and
// views, how many images/s these allow a worker (`limit`), and milliseconds from the start of an
// epoch to its first batch. LIGHTLY_BENCH_DATA names a folder with native_photos, imagenette and
// CIFAR-10.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include "lightly/data/cifar10.hpp"
#include "lightly/data/data_loader.hpp"
#include "lightly/data/lightly_dataset.hpp"
#include "lightly/transforms/simclr_transform.hpp"

namespace {

using namespace lightly;
using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// A data set as often as it takes for an epoch of `most` samples.
class Repeated : public data::Dataset {
 public:
  Repeated(data::DatasetPtr base, std::int64_t size) : base_(std::move(base)), size_(size) {}
  std::int64_t size() const override { return size_; }
  data::Sample get(std::int64_t index) const override {
    data::Sample sample = base_->get(index % base_->size());
    sample.index = index;
    return sample;
  }
  std::string file_name(std::int64_t index) const override {
    return base_->file_name(index % base_->size());
  }

 private:
  data::DatasetPtr base_;
  std::int64_t size_;
};

void measure(benchmark::State& state, const data::DatasetPtr& dataset, std::int64_t side,
             const data::DataLoaderOptions& options) {
  data::DataLoader loader(dataset, transforms::SimCLRTransform({.input_size = side}), options);
  std::int64_t epoch = 0;
  std::int64_t batches = 0;
  std::int64_t samples = 0;
  double first_ms = 0.0;
  data::LoaderStatistics all;
  for (auto _ : state) {
    const Clock::time_point begin = Clock::now();
    bool is_first = true;
    for (const data::Batch& batch : loader.epoch(epoch++)) {
      if (is_first) {
        first_ms += milliseconds(Clock::now() - begin);
        is_first = false;
      }
      samples += batch.targets.size(0);
      ++batches;
    }
    const data::LoaderStatistics statistics = loader.statistics();
    all.load_seconds += statistics.load_seconds;
    all.decode_seconds += statistics.decode_seconds;
    all.view_seconds += statistics.view_seconds;
  }
  const auto per_sample = [&](double seconds) {
    return 1e3 * seconds / static_cast<double>(samples);
  };
  state.SetItemsProcessed(samples);
  state.counters["batches/s"] =
      benchmark::Counter(static_cast<double>(batches), benchmark::Counter::kIsRate);
  state.counters["load_ms"] = per_sample(all.load_seconds);
  state.counters["decode_ms"] = per_sample(all.decode_seconds);
  state.counters["view_ms"] = per_sample(all.view_seconds);
  state.counters["limit"] =
      static_cast<double>(samples) / (all.load_seconds + all.decode_seconds + all.view_seconds);
  state.counters["first_ms"] = first_ms / static_cast<double>(epoch);
}

void add(const std::string& name, const data::DatasetPtr& dataset, std::int64_t side,
         const data::DataLoaderOptions& options) {
  benchmark::RegisterBenchmark(
      name.c_str(), [=](benchmark::State& state) { measure(state, dataset, side, options); })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime()
      ->MeasureProcessCPUTime();
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  const char* data_folder = std::getenv("LIGHTLY_BENCH_DATA");
  if (data_folder == nullptr) {
    std::cerr << "folder_bench: LIGHTLY_BENCH_DATA must name a folder with native_photos, "
                 "imagenette and CIFAR-10\n";
    return 2;
  }
  at::set_num_threads(1);
  const std::filesystem::path root = data_folder;
  const auto photos = std::make_shared<data::LightlyDataset>(root / "native_photos");
  const auto imagenette = std::make_shared<data::LightlyDataset>(root / "imagenette" / "train");
  const auto cifar10 =
      std::make_shared<data::Cifar10>(data::Cifar10Options{.root = root / "cifar-10-batches-bin"});
  for (const std::int64_t workers : {1, 2}) {
    for (const data::Decode decode : {data::Decode::kExact, data::Decode::kFast}) {
      const data::DataLoaderOptions options{
          .batch_size = 64, .shuffle = true, .num_workers = workers, .decode = decode};
      const std::string end =
          std::to_string(workers) + (decode == data::Decode::kFast ? "/fast" : "");
      add("folder/native_photos/" + end, std::make_shared<Repeated>(photos, 512), 224, options);
      add("folder/imagenette/" + end, std::make_shared<Repeated>(imagenette, 1400), 224, options);
    }
    add("cifar10/" + std::to_string(workers), std::make_shared<Repeated>(cifar10, 51'200), 32,
        {.batch_size = 512, .shuffle = true, .num_workers = workers});
  }
  benchmark::RunSpecifiedBenchmarks();
}
