// Does making views take more and more memory? A million views at 32 px, 20,000 at 224 px from
// photos and 2,000 from images of 4000x3000 px, every step of an ImageView on, into slots that are
// used again. Prints the resident memory before, after a tenth and at the end, and what a worker
// takes at its peak; exits with 1 when it grows or takes too much.

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/ones.h>
#include <CLI/CLI.hpp>

#include "common/images.hpp"
#include "common/memory.hpp"
#include "lightly/data/collate.hpp"
#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/image_view.hpp"
#include "lightly/transforms/multi_view_transform.hpp"

namespace {

using namespace lightly;

constexpr double kMebibyte = 1024.0 * 1024.0;
// A thread's stack and the allocator's bookkeeping; less than this is no growth and no scratch.
constexpr double kNoise = 1.0;
constexpr double kMostImages = 3.0;

struct Case {
  const char* name;
  std::vector<at::Tensor> images;
  std::int64_t side;
  std::int64_t views;
};

// Two views that between them do every step, either way where there are two.
transforms::MultiViewTransform busy_views(std::int64_t side) {
  transforms::ImageViewOptions first{.input_size = side,
                                     .min_scale = 0.08,
                                     .vf_prob = 0.5,
                                     .rr_prob = 0.5,
                                     .rr_degrees = transforms::DegreeRange(-180.0, 180.0),
                                     .solarization_prob = 0.5};
  transforms::ImageViewOptions second = first;
  second.rr_degrees = std::nullopt;
  second.rotation = transforms::RotationPlace::kAfterFlips;
  second.early_blur_radius = true;
  second.interpolation = transforms::functional::Interpolation::kBicubic;
  second.solarization = transforms::SolarizationPlace::kBeforeBlur;
  return {.transforms = {transforms::ImageView(first), transforms::ImageView(second)},
          .normalize = transforms::imagenet_normalize};
}

struct Worker {
  const Case& work;
  std::int64_t views;
  const at::Tensor& slot;
  std::uint64_t seed;
  double after_a_tenth = 0.0;
  double at_the_end = 0.0;

  void run() {
    const data::BaseCollateFunction collate(busy_views(work.side));
    for (std::int64_t i = 0; i < views; ++i) {
      const at::Tensor& image = work.images[static_cast<std::size_t>(i / 2) % work.images.size()];
      const data::Sample sample{.image = image, .target = 0, .file_name = {}, .index = i / 2};
      collate.write_view(sample, i % 2, {.seed = seed}, slot);
      if (i == views / 10) {
        after_a_tenth = bench::resident_mebibytes("VmRSS");
      }
    }
    at_the_end = bench::resident_mebibytes("VmRSS");
  }
};

// Whether the memory keeps within the bounds.
bool measure(const Case& work, std::int64_t workers) {
  std::size_t largest = 0;
  for (const at::Tensor& image : work.images) {
    largest = std::max(largest, image.nbytes());
  }
  const double image_mb = static_cast<double>(largest) / kMebibyte;
  const auto slots = at::ones({workers, 3, work.side, work.side}).unbind();
  bench::forget_peak();
  const double before = bench::resident_mebibytes("VmRSS");
  std::vector<Worker> each;
  for (std::int64_t w = 0; w < workers; ++w) {
    each.push_back({.work = work,
                    .views = work.views / workers,
                    .slot = slots[static_cast<std::size_t>(w)],
                    .seed = static_cast<std::uint64_t>(w)});
  }
  std::vector<std::thread> threads;
  threads.reserve(each.size());
  for (Worker& worker : each) {
    threads.emplace_back(&Worker::run, &worker);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const double growth = each[0].at_the_end - each[0].after_a_tenth;
  const double peak = (bench::resident_mebibytes("VmHWM") - before) / static_cast<double>(workers);
  // Scratch grows with the largest crop so far, which may come late.
  const bool good = growth <= std::max(image_mb / 10.0, kNoise) &&
                    peak <= std::max(kMostImages * image_mb, kNoise);
  std::printf("| %s | %lld | %.1f | %.1f | %.1f | %.2f | %.2f | %.1f | %s |\n", work.name,
              static_cast<long long>(work.views), before, each[0].after_a_tenth, each[0].at_the_end,
              image_mb, peak, peak / image_mb, good ? "yes" : "NO");
  std::fflush(stdout);
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Resident memory while views are made");
  double share = 1.0;
  std::int64_t workers = 1;
  app.add_option("--share", share, "Share of the views to make")->check(CLI::Range(1e-3, 1e3));
  app.add_option("--workers", workers, "Threads that make them")->check(CLI::Range(1, 64));
  CLI11_PARSE(app, argc, argv);
  at::set_num_threads(1);
  // What is freed leaves the process at once, so that the peak is what is in use; left alone, glibc
  // keeps a few MiB a thread.
  mallopt(M_MMAP_THRESHOLD, 64 * 1024);
  const auto views = [share](double number) { return static_cast<std::int64_t>(number * share); };
  std::printf(
      "| views | number | MiB before | after 10 %% | at the end | largest image | peak a worker "
      "| in images | within bounds |\n|---|---|---|---|---|---|---|---|---|\n");
  bool good = measure({"32 px from 32 px", bench::images_for_views(32), 32, views(1e6)}, workers);
  const std::vector<at::Tensor> photos = bench::images_for_views(224);
  good &= measure({"224 px from 500x375", photos, 224, views(2e4)}, workers);
  const std::vector<at::Tensor> large{transforms::functional::resize(photos[0], {3000, 4000}),
                                      transforms::functional::resize(photos[1], {4000, 3000})};
  good &= measure({"224 px from 4000x3000", large, 224, views(2e3)}, workers);
  return good ? 0 : 1;
}
