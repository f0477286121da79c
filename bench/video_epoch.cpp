// An epoch of SimCLR's views straight from a folder of videos: how many frames are decoded for each
// that is used, how fast, and how well the epoch is shuffled, beside a shuffle of all frames.
//
// video_epoch FOLDER [--sampler video|random|sequential] [--workers 2] [--pairs 8] ...

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "lightly/data/data_loader.hpp"
#include "lightly/data/video_dataset.hpp"
#include "lightly/data/video_sampler.hpp"
#include "lightly/transforms/simclr_transform.hpp"

namespace {

using namespace lightly;

// Frames of a video that are so near are nearly the same picture.
constexpr std::int64_t kNear = 8;

struct Options {
  std::filesystem::path videos;
  std::string sampler = "video";
  std::int64_t workers = 2;
  data::VideoDatasetOptions reading;
  std::int64_t cache_mib = 512;
  std::int64_t shorter_side = 0;
  std::int64_t batch_size = 256;
  std::int64_t batches = 0;
  std::int64_t size_px = 32;
  data::VideoSamplerOptions shuffle;
};

// Means over the batches of an epoch.
struct Quality {
  double videos = 0.0;
  double segments = 0.0;
  // The share of samples whose batch has another of their video at most kNear frames away.
  double near = 0.0;
};

Quality quality(const data::VideoDataset& videos, const std::vector<std::int64_t>& order,
                std::int64_t batch_size) {
  std::vector<std::int64_t> begins;
  for (const data::VideoSegment& segment : videos.segments()) {
    begins.push_back(segment.begin);
  }
  Quality sum;
  const auto size = static_cast<std::size_t>(batch_size);
  const std::size_t batches = order.size() / size;
  for (std::size_t b = 0; b < batches; ++b) {
    std::vector<std::int64_t> batch(order.begin() + static_cast<std::ptrdiff_t>(b * size),
                                    order.begin() + static_cast<std::ptrdiff_t>((b + 1) * size));
    std::sort(batch.begin(), batch.end());
    std::set<std::int64_t> of_videos;
    std::set<std::ptrdiff_t> of_segments;
    std::int64_t near = 0;
    const auto are_near = [&](std::size_t a, std::size_t c) {
      return videos.video(batch[a]) == videos.video(batch[c]) && batch[c] - batch[a] <= kNear;
    };
    for (std::size_t i = 0; i < size; ++i) {
      of_videos.insert(videos.video(batch[i]));
      of_segments.insert(std::upper_bound(begins.begin(), begins.end(), batch[i]) - begins.begin());
      near += (i > 0 && are_near(i - 1, i)) || (i + 1 < size && are_near(i, i + 1)) ? 1 : 0;
    }
    sum.videos += static_cast<double>(of_videos.size());
    sum.segments += static_cast<double>(of_segments.size());
    sum.near += static_cast<double>(near) / static_cast<double>(size);
  }
  const auto count = static_cast<double>(std::max<std::size_t>(batches, 1));
  return {.videos = sum.videos / count, .segments = sum.segments / count, .near = sum.near / count};
}

data::SamplerPtr make_sampler(const Options& options,
                              const std::shared_ptr<const data::VideoDataset>& videos) {
  if (options.sampler == "random") {
    return std::make_shared<data::RandomSampler>(videos->size());
  }
  if (options.sampler == "sequential") {
    return std::make_shared<data::SequentialSampler>(videos->size());
  }
  return std::make_shared<data::VideoSampler>(videos, options.shuffle);
}

void print(const char* name, const Quality& quality) {
  std::printf(
      "%s: a batch has frames of %.1f videos and %.1f segments; %.0f %% of them with one at "
      "most %lld frames away\n",
      name, quality.videos, quality.segments, 100.0 * quality.near, static_cast<long long>(kNear));
}

void run(const Options& options) {
  data::VideoDatasetOptions reading = options.reading;
  reading.max_cache_bytes = options.cache_mib << 20;
  if (options.shorter_side > 0) {
    reading.reader.shorter_side = options.shorter_side;
  }
  const auto videos = std::make_shared<const data::VideoDataset>(options.videos, reading);
  const data::SamplerPtr sampler = make_sampler(options, videos);
  const core::RandomKey key{.seed = 1, .epoch = 0};
  print(options.sampler.c_str(), quality(*videos, sampler->order(key), options.batch_size));
  print("all shuffled",
        quality(*videos, data::RandomSampler(videos->size()).order(key), options.batch_size));

  data::DataLoader loader(videos, transforms::SimCLRTransform({.input_size = options.size_px}),
                          {.batch_size = options.batch_size,
                           .num_workers = options.workers,
                           .seed = 1,
                           .sampler = sampler});
  const auto begin = std::chrono::steady_clock::now();
  std::int64_t used = 0;
  std::int64_t batches = 0;
  for (const data::Batch& batch : loader.epoch(0)) {
    used += batch.views[0].size(0);
    if (++batches == options.batches) {
      break;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const data::VideoDatasetStatistics statistics = videos->statistics();
  std::printf(
      "%lld of %lld frames in %.1f s: %.0f a second; %.2f used for each of %lld decoded; "
      "%lld seeks, %.0f MiB of frames kept at the end\n",
      static_cast<long long>(used), static_cast<long long>(videos->size()), took.count(),
      static_cast<double>(used) / took.count(),
      static_cast<double>(used) / static_cast<double>(statistics.frames_decoded),
      static_cast<long long>(statistics.frames_decoded), static_cast<long long>(statistics.seeks),
      static_cast<double>(statistics.cached_bytes) / (1 << 20));
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("What an epoch over videos takes, and how well it is shuffled.", "video_epoch");
  app.option_defaults()->always_capture_default();
  app.add_option("videos", options.videos, "folder of videos")->required();
  app.add_option("--sampler", options.sampler, "video, random or sequential")
      ->check(CLI::IsMember({"video", "random", "sequential"}));
  app.add_option("--workers", options.workers, "of the loader");
  app.add_option("--pairs", options.reading.pair_max_frames, "pair_max_frames");
  app.add_option("--keep-passed", options.reading.keep_passed, "the data set's");
  app.add_option("--max-open", options.reading.max_open, "the data set's");
  app.add_option("--cache-mib", options.cache_mib, "the data set's");
  app.add_option("--shorter-side", options.shorter_side, "of the frames; 0: as they are");
  app.add_option("--batch-size", options.batch_size, "samples a batch")->check(CLI::PositiveNumber);
  app.add_option("--batches", options.batches, "to stop after; 0: the epoch");
  app.add_option("--size", options.size_px, "side of a view, in pixels");
  app.add_option("--num-open", options.shuffle.num_open, "VideoSampler's");
  app.add_option("--buffer-frames", options.shuffle.buffer_frames, "VideoSampler's");
  CLI11_PARSE(app, argc, argv);
  try {
    run(options);
  } catch (const c10::Error& error) {
    std::cerr << "video_epoch: " << error.what_without_backtrace() << '\n';
    return 1;
  }
}
