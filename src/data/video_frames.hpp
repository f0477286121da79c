#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/frame_cache.hpp"
#include "lightly/data/video_dataset.hpp"
#include "lightly/media/video_index.hpp"
#include "lightly/media/video_reader.hpp"

namespace lightly::data {

/// A video and what is to be known of it beforehand.
struct IndexedVideo {
  std::filesystem::path path;
  std::shared_ptr<const media::VideoIndex> index;
  /// The first frame of each segment, a run of frames with the same start_packet.
  std::vector<std::int64_t> segments;

  /// Reads the video; throws what media::read_video_index throws.
  static IndexedVideo read(std::filesystem::path path, const media::VideoReaderOptions& options);

  /// The first frame of the segment that the frame is in.
  std::int64_t segment_begin(std::int64_t frame) const;

  /// What the pixels of a frame take.
  std::int64_t frame_bytes(const media::VideoReaderOptions& options) const;
};

struct VideoFramesOptions {
  media::VideoReaderOptions reader = {};
  std::int64_t max_open = 1;
  std::int64_t max_cache_bytes = 0;
  std::int64_t keep_passed = 0;
  FrameCacheOrder cache_order = FrameCacheOrder::kGivenFirst;
};

/// Frames of many videos for many threads: readers that stay where they stopped, and the frames
/// that they have passed.
///
/// A reader serves one thread at a time. A frame is decoded by the reader that stands in its
/// segment nearest before it, or by one that loses nothing by leaving, which stands where a segment
/// begins.
class VideoFrames {
 public:
  VideoFrames(std::vector<IndexedVideo> videos, VideoFramesOptions options);

  const std::vector<IndexedVideo>& videos() const { return videos_; }

  /// uint8 [3, H, W], shared with the cache: not to be written to. Thread-safe.
  at::Tensor frame(const FramePlace& place);

  VideoDatasetStatistics statistics() const;

 private:
  /// A reader and where it stands.
  struct Station {
    std::unique_ptr<media::VideoReader> reader;
    /// What of it is in the statistics.
    media::VideoReaderStatistics counted;
    std::int64_t video = -1;
    /// The next frame that it can give without going back.
    std::int64_t position = 0;
    /// While busy: the frames from here to `position` will be kept.
    std::int64_t kept_from = 0;
    bool is_busy = false;
    std::uint64_t last_used = 0;
  };

  struct Decoded {
    std::vector<at::Tensor> passed;
    at::Tensor image;
  };

  bool will_be_kept(const FramePlace& place) const;
  bool is_before(const Station& station, const FramePlace& place) const;
  bool stands_at_a_segment(const Station& station) const;
  Station* nearest_before(const FramePlace& place);
  Station* replaceable(const FramePlace& place);
  at::Tensor run(std::unique_lock<std::mutex>& lock, Station& station, const FramePlace& place);
  std::int64_t most_passed(const IndexedVideo& video) const;
  void keep(const FramePlace& place, at::Tensor image, bool given);
  void count(Station& station);

  // Without the lock, by the one whose station it is.
  void open(Station& station, const IndexedVideo& video) const;
  static Decoded decode(media::VideoReader& reader, std::int64_t from, std::int64_t frame);

  const std::vector<IndexedVideo> videos_;
  const VideoFramesOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable released_;
  std::vector<std::unique_ptr<Station>> stations_;
  FrameCache cache_;
  std::uint64_t uses_ = 0;
  VideoDatasetStatistics statistics_;
};

}  // namespace lightly::data
