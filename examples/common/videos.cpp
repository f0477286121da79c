#include "common/videos.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <sstream>
#include <utility>

#include <c10/util/Exception.h>
#include <CLI/CLI.hpp>

#include "lightly/data/cached_dataset.hpp"
#include "lightly/data/lightly_subset.hpp"
#include "lightly/data/transformed_dataset.hpp"
#include "lightly/training/progress.hpp"
#include "lightly/transforms/functional.hpp"

namespace lightly::examples {
namespace {

// In the middle of `count` equal parts of [begin, end), or all that there are.
void append_spread(std::vector<std::int64_t>& indices, std::int64_t begin, std::int64_t end,
                   std::int64_t count) {
  count = std::min(count, end - begin);
  for (std::int64_t i = 0; i < count; ++i) {
    indices.push_back(begin + (2 * i + 1) * (end - begin) / (2 * count));
  }
}

// Decoded once, for the features before and after training and for the pictures.
data::DatasetPtr middle_squares(const VideosPtr& videos, std::vector<std::int64_t> indices,
                                std::int64_t size) {
  const auto square = [size](const at::Tensor& image, core::Random&) {
    const std::int64_t side = std::min(image.size(1), image.size(2));
    return transforms::functional::resize(transforms::functional::center_crop(image, side), size);
  };
  return std::make_shared<data::CachedDataset>(std::make_shared<data::TransformedDataset>(
      std::make_shared<data::LightlySubset>(
          data::LightlySubset::of_indices(videos, std::move(indices))),
      square));
}

}  // namespace

void VideoOptions::add_to(CLI::App& app) {
  app.add_option("--size", size, "side of a view, in pixels")->check(CLI::Range(8, 1 << 14));
  app.add_option("--pair-max-frames", pair_max_frames,
                 "how many frames apart two views may be; 0: both are of one frame")
      ->check(CLI::Range(0, 1 << 20));
  app.add_option("--resize", shorter_side,
                 "shorter side to which frames are resized as they are decoded; 0: as they are")
      ->check(CLI::Range(0, 1 << 14));
  app.add_option("--index", index_folder, "folder to keep the videos' indices in");
}

std::string VideoOptions::data_name(const data::VideoDataset& videos) const {
  std::ostringstream text;
  text << videos.size() << " frames of " << videos.videos().size() << " videos, views of " << size
       << " px";
  if (pair_max_frames > 0) {
    text << " up to " << pair_max_frames << " frames apart";
  }
  if (shorter_side > 0) {
    text << " of frames resized to " << shorter_side << " px";
  }
  return text.str();
}

VideosPtr open_videos(const TrainOptions& options, const VideoOptions& video, std::ostream& out) {
  data::VideoDatasetOptions opening{.reader = {.index_folder = video.index_folder},
                                    .keep_passed = 600,  // as the sampler's rounds may be long
                                    .pair_max_frames = video.pair_max_frames};
  if (video.shorter_side > 0) {
    opening.reader.shorter_side = video.shorter_side;
  }
  std::optional<training::Progress> progress;
  opening.progress = [&](std::int64_t, std::int64_t total) {
    const int columns = training::terminal_columns(1);
    if (!progress && columns > 0) {
      progress.emplace(out,
                       training::ProgressOptions{
                           .label = "index", .unit = "videos", .total = total, .columns = columns});
    }
    if (progress) {
      progress->advance(1);
    }
  };
  auto videos = std::make_shared<data::VideoDataset>(options.data, std::move(opening));
  progress.reset();
  out << "data: " << training::with_separators(videos->size()) << " frames of "
      << videos->videos().size() << " videos in " << options.data << '\n';
  TORCH_CHECK(videos->size() >= options.batch_size, "too few frames for a batch: ", options.data,
              " has ", videos->size(), ", --batch-size is ", options.batch_size);
  return videos;
}

std::vector<data::Sample> spread_samples(const VideosPtr& videos, std::int64_t most) {
  std::vector<std::int64_t> indices;
  append_spread(indices, 0, videos->size(), most);
  std::vector<data::Sample> samples;
  for (const std::int64_t index : indices) {
    samples.push_back(videos->get(index));
  }
  return samples;
}

std::optional<SmallImages> which_video(const VideosPtr& videos, std::int64_t size,
                                       std::ostream& out) {
  constexpr std::int64_t kFewestFrames = 10;
  constexpr std::int64_t kTestFrames = 20;
  constexpr std::int64_t kMostVideos = 100;
  // Where the samples of those long enough begin, and how many each has.
  std::vector<std::pair<std::int64_t, std::int64_t>> long_enough;
  std::int64_t begin = 0;
  for (const data::DatasetVideo& video : videos->videos()) {
    if (video.index->size() >= kFewestFrames) {
      long_enough.emplace_back(begin, video.index->size());
    }
    begin += video.index->size();
  }
  std::vector<std::int64_t> asked;
  append_spread(asked, 0, static_cast<std::int64_t>(long_enough.size()), kMostVideos);
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> test;
  for (const std::int64_t i : asked) {
    const auto& [first, frames] = long_enough[static_cast<std::size_t>(i)];
    append_spread(train, first, first + frames * 6 / 10, 2 * kTestFrames);
    append_spread(test, first + frames * 7 / 10, first + frames, kTestFrames);
  }
  if (asked.size() < 2) {
    out << "no kNN: it tells of which video a frame is, and asks for two videos of "
        << kFewestFrames << " frames\n";
    return std::nullopt;
  }
  out << "kNN tells of which of " << asked.size() << " videos a frame is: " << test.size()
      << " frames of their last 30 % by " << train.size() << " of their first 60 %\n";
  return SmallImages{.name = "videos",
                     .train = middle_squares(videos, std::move(train), size),
                     .test = middle_squares(videos, std::move(test), size),
                     .knn_k = kTestFrames,
                     .neighbours_from_train = true};
}

std::string decoding_text(const data::VideoDatasetStatistics& begin,
                          const data::VideoDatasetStatistics& end) {
  const std::int64_t used = end.frames_given - begin.frames_given;
  const std::int64_t decoded = end.frames_decoded - begin.frames_decoded;
  if (used == 0 || decoded == 0) {
    return "";
  }
  char ratio[32];
  std::snprintf(ratio, sizeof(ratio), "%.2f",
                static_cast<double>(used) / static_cast<double>(decoded));
  return "decoding: " + training::with_separators(used) + " frames used, " +
         training::with_separators(decoded) + " decoded, " + ratio + " used per frame decoded\n";
}

}  // namespace lightly::examples
