// folder_bench.cpp as a plain loop over OpenCV: each thread reads, decodes and makes views, its own
// threads off. Nobody takes the batches and nothing is kept in order, which a loader has to do.
// Photos are shrunk by INTER_AREA. Names are those of folder_bench.cpp; LIGHTLY_BENCH_DATA names
// the same folder.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "opencv_recipe.hpp"

namespace {

namespace fs = std::filesystem;
using opencv_peer::Recipe;

// RGB of the n-th sample.
using Images = std::function<cv::Mat(std::size_t index)>;

std::vector<char> read_file(const fs::path& path) {
  std::vector<char> bytes(fs::file_size(path));
  std::ifstream(path, std::ios::binary)
      .read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

Images images_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files.push_back(entry.path());
    }
  }
  CV_Assert(!files.empty());
  std::sort(files.begin(), files.end());
  return [files](std::size_t index) {
    cv::Mat image = cv::imdecode(read_file(files[index % files.size()]),
                                 cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
    CV_Assert(!image.empty());
    cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
    return image;
  };
}

// The 50,000 images for training, their three planes interleaved.
Images cifar10(const fs::path& folder) {
  constexpr std::size_t kRecord = 3073;
  std::vector<cv::Mat> images;
  for (int file = 1; file <= 5; ++file) {
    std::vector<char> bytes = read_file(folder / ("data_batch_" + std::to_string(file) + ".bin"));
    for (std::size_t begin = 0; begin < bytes.size(); begin += kRecord) {
      std::vector<cv::Mat> planes;
      for (std::size_t c = 0; c < 3; ++c) {
        planes.emplace_back(32, 32, CV_8U, bytes.data() + begin + 1 + c * 1024);
      }
      cv::merge(planes, images.emplace_back());
    }
  }
  return [images](std::size_t index) { return images[index % images.size()]; };
}

struct Epoch {
  Images images;
  std::size_t size;
  std::size_t batch_size;
  Recipe recipe;
};

void measure(benchmark::State& state, const Epoch& epoch, std::size_t threads) {
  const auto side = static_cast<std::size_t>(epoch.recipe.side);
  const std::size_t view = 3 * side * side;
  // As many batches as a loader holds, written in turn.
  const std::size_t slots = 4 * epoch.batch_size;
  std::vector<float> batches(2 * slots * view);
  std::vector<std::size_t> order(epoch.size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937 shuffler(1);
  std::uint64_t seed = 0;
  for (auto _ : state) {
    std::shuffle(order.begin(), order.end(), shuffler);
    std::atomic<std::size_t> next{0};
    const auto work = [&](cv::RNG random) {
      for (std::size_t i = next++; i < order.size(); i = next++) {
        const cv::Mat image = epoch.images(order[i]);
        float* const slot = batches.data() + 2 * (i % slots) * view;
        epoch.recipe(image, random, slot);
        epoch.recipe(image, random, slot + view);
      }
    };
    std::vector<std::thread> workers;
    for (std::size_t t = 0; t < threads; ++t) {
      workers.emplace_back(work, cv::RNG(++seed));
    }
    for (std::thread& worker : workers) {
      worker.join();
    }
    benchmark::ClobberMemory();
  }
  const auto samples = static_cast<double>(epoch.size) * static_cast<double>(state.iterations());
  state.SetItemsProcessed(static_cast<std::int64_t>(samples));
  state.counters["batches/s"] = benchmark::Counter(samples / static_cast<double>(epoch.batch_size),
                                                   benchmark::Counter::kIsRate);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  const char* data_folder = std::getenv("LIGHTLY_BENCH_DATA");
  if (data_folder == nullptr) {
    std::cerr << "opencv_folder: LIGHTLY_BENCH_DATA must name a folder with native_photos, "
                 "imagenette and CIFAR-10\n";
    return 2;
  }
  cv::setNumThreads(1);
  const fs::path root = data_folder;
  const Recipe large{.side = 224, .gaussian_blur = 0.5, .shrink = opencv_peer::Shrink::kArea};
  const Recipe small{.side = 32, .gaussian_blur = 0.5, .shrink = opencv_peer::Shrink::kArea};
  const std::vector<std::pair<std::string, Epoch>> epochs{
      {"folder/native_photos/", {images_of(root / "native_photos"), 512, 64, large}},
      {"folder/imagenette/", {images_of(root / "imagenette" / "train"), 1400, 64, large}},
      {"cifar10/", {cifar10(root / "cifar-10-batches-bin"), 51'200, 512, small}}};
  for (const std::size_t threads : {1, 2}) {
    for (const auto& [name, epoch] : epochs) {
      benchmark::RegisterBenchmark(
          (name + std::to_string(threads)).c_str(),
          [&epoch = epoch, threads](benchmark::State& state) { measure(state, epoch, threads); })
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime()
          ->MeasureProcessCPUTime();
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
