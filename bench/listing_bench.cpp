// How long it takes to list a folder of many files, and how much memory: `listing_flat` has them in
// one folder, `listing_classes` in 100 folders. The folders are made, of empty files, in a fresh
// folder of the system's temporary one before the clock runs, so that they are in the kernel's
// cache. Counters: MiB at the peak of the process, and what of it the listing added. LIGHTLY_FILES
// says how many, 1,000,000 when it is not set.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <c10/util/Exception.h>

#include "common/memory.hpp"
#include "lightly/data/lightly_dataset.hpp"

namespace {

using namespace lightly;
using data::LightlyDataset;

std::int64_t number_of_files() {
  const char* text = std::getenv("LIGHTLY_FILES");
  return text == nullptr ? 1'000'000 : std::stoll(text);
}

// `count` files in `folders` folders, removed with the object.
class ManyFiles {
 public:
  ManyFiles(std::int64_t count, std::int64_t folders)
      : root_(std::filesystem::temp_directory_path() /
              ("lightly_listing_" + std::to_string(folders))) {
    std::filesystem::remove_all(root_);
    for (std::int64_t f = 0; f < folders; ++f) {
      std::filesystem::path folder = root_;
      if (folders > 1) {
        folder /= "class_" + std::to_string(f);
      }
      std::filesystem::create_directories(folder);
      for (std::int64_t i = f; i < count; i += folders) {
        const std::string digits = std::to_string(i);
        std::ofstream file(folder /
                           ("image_" + std::string(7 - digits.size(), '0') + digits + ".jpg"));
        TORCH_CHECK(file.good(), "listing_bench: cannot write into ", folder.string());
      }
    }
  }
  ~ManyFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  ManyFiles(const ManyFiles&) = delete;
  ManyFiles& operator=(const ManyFiles&) = delete;

  const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path root_;
};

void list(benchmark::State& state, std::int64_t folders) {
  const std::int64_t count = number_of_files();
  const ManyFiles files(count, folders);
  {
    const LightlyDataset warm(files.root());
  }
  const double before = bench::resident_mebibytes("VmRSS");
  bench::forget_peak();
  for (auto _ : state) {
    const LightlyDataset dataset(files.root());
    TORCH_CHECK(dataset.size() == count, "listing_bench: not all files were found");
  }
  const double peak = bench::resident_mebibytes("VmHWM");
  state.SetItemsProcessed(state.iterations() * count);
  state.counters["peak_MiB"] = peak;
  state.counters["added_MiB"] = peak - before;
}

void listing_flat(benchmark::State& state) {
  list(state, 1);
}

void listing_classes(benchmark::State& state) {
  list(state, 100);
}

BENCHMARK(listing_flat)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(listing_classes)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
