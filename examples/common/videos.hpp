#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "common/program.hpp"
#include "common/small_images.hpp"
#include "lightly/data/sample.hpp"
#include "lightly/data/video_dataset.hpp"

/// What a program that trains from videos needs beside training_run.hpp.
namespace lightly::examples {

using VideosPtr = std::shared_ptr<const data::VideoDataset>;

/// The command-line options of a training from videos beside TrainOptions.
struct VideoOptions {
  /// Side of a view, in pixels.
  std::int64_t size = 64;
  /// See data::VideoDatasetOptions.
  std::int64_t pair_max_frames = 0;
  /// Shorter side of the frames, in pixels; 0: as they are.
  std::int64_t shorter_side = 0;
  std::filesystem::path index_folder = {};

  void add_to(CLI::App& app);

  /// Side of a cell that views fill, of about 96 pixels where they are smaller.
  std::int64_t cell_px() const { return size * std::max<std::int64_t>(1, 96 / size); }

  /// What TrainOptions::setup takes.
  std::string data_name(const data::VideoDataset& videos) const;
};

/// The videos of the folder `options.data`; says on `out`, the standard output, how far it is and
/// what it found. Throws c10::Error for fewer frames than a batch.
VideosPtr open_videos(const TrainOptions& options, const VideoOptions& video, std::ostream& out);

/// As many frames as asked for, where there are so many, evenly spread over all videos.
std::vector<data::Sample> spread_samples(const VideosPtr& videos, std::int64_t most);

/// A task for features of videos without labels: of which video is a frame? `train` has up to 40
/// frames of the first 60 % of each of up to 100 videos, `test` up to 20 of the last 30 %, so that
/// they are never neighbours in time; the middle square of each, `size` pixels wide. Says so on
/// `out`. None when fewer than two videos have 10 frames.
std::optional<SmallImages> which_video(const VideosPtr& videos, std::int64_t size,
                                       std::ostream& out);

/// The line `decoding: 1,201 frames used, 1,260 decoded, 0.95 used per frame decoded` of what
/// happened in between; empty for nothing.
std::string decoding_text(const data::VideoDatasetStatistics& begin,
                          const data::VideoDatasetStatistics& end);

}  // namespace lightly::examples
