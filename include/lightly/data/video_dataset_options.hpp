#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lightly/data/video_extensions.hpp"
#include "lightly/media/video_reader.hpp"

namespace lightly::data {

/// What becomes of a video that cannot be indexed.
enum class BadVideos {
  /// An error that names it.
  kRefuse,
  /// It is passed over (VideoDataset::skipped); the videos after it move up.
  kSkip,
};

struct VideoDatasetOptions {
  /// How videos are indexed and decoded. `max_decoders` does not count: a reader has one.
  media::VideoReaderOptions reader = {};
  /// Endings of the files to take, at least one, each a dot and more without `-` and `/`; the case
  /// of ASCII letters is ignored.
  std::vector<std::string> extensions = video_extensions();
  /// Videos to take, at least one, by their paths relative to the folder, which is not listed then;
  /// without a value, all that lie in it and below it. Sorted, each once, in any case.
  std::optional<std::vector<std::string>> videos = {};
  /// Names of the frames to take; without a value, all. The data set keeps its own order and its
  /// targets; only the videos that have such frames are indexed.
  std::optional<std::vector<std::string>> filenames = {};
  BadVideos bad_videos = BadVideos::kRefuse;
  /// Threads that index, >= 0; 0: one for each processor.
  std::int64_t num_threads = 0;
  /// Called after each video with the videos indexed and those in all, by any of the threads, one
  /// at a time. What it throws ends the indexing and is thrown by it.
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};
  /// Readers, >= 1, that are open at a time, all threads together; each has its file open twice.
  std::int64_t max_open = 32;
  /// What decoded frames, kept for those who will ask for them, may take in all, >= 0.
  std::int64_t max_cache_bytes = std::int64_t{512} << 20;
  /// Frames, >= 0, that a decoder passes on its way to the one asked for and that are kept: a way
  /// longer than that keeps none, so that a lone random frame costs what VideoReader takes for it.
  /// A VideoSampler, and several workers in sequence, decode each frame once thanks to it.
  std::int64_t keep_passed = 64;
  /// Temporal positive pairs: every view but the first shows, in the place of its frame, one drawn
  /// from that and the up to so many that follow in its video; 0: all show the same frame. Over an
  /// epoch these are the same pairs as those of frames before and after, and a decoder need not go
  /// back for them.
  std::int64_t pair_max_frames = 0;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

}  // namespace lightly::data
