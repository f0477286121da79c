#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/data/dataset.hpp"
#include "lightly/data/video_dataset_options.hpp"
#include "lightly/media/video_index.hpp"

namespace lightly::data {

/// One of a data set's videos.
struct DatasetVideo {
  /// Its path relative to the folder.
  std::string name;
  /// Its frames and their times; null when `filenames` takes none of them.
  std::shared_ptr<const media::VideoIndex> index;
};

struct SkippedVideo {
  std::string name;
  /// Why it cannot be indexed, with the file.
  std::string reason;
};

/// Samples [begin, end) of a data set that are decoded from the same key frame on, in ascending
/// order of their frames.
struct VideoSegment {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t video = 0;
};

/// What a data set has done so far, all threads together.
struct VideoDatasetStatistics {
  /// Pictures that decoders gave.
  std::int64_t frames_decoded = 0;
  /// Frames handed out.
  std::int64_t frames_given = 0;
  /// Those of them that had been kept.
  std::int64_t cache_hits = 0;
  /// How often a decoder was put to another place than where it stood.
  std::int64_t seeks = 0;
  /// Readers opened, and those open now.
  std::int64_t opened = 0;
  std::int64_t open = 0;
  /// What kept frames take.
  std::int64_t cached_bytes = 0;
};

class VideoFrames;
struct FramePlace;

/// The frames of all videos in a folder and below it, each a sample, without extracting them.
///
/// Videos are sorted bytewise by their path relative to the folder and their frames follow in order
/// of presentation; a sample's target is the index of its video. It is named
/// `{stem}-{frame}-{ext}.png`, the frame number filled with zeros to the digits of its video's
/// frame count: frame 7 of 280 of `a/b.MP4` is `a/b-007-MP4.png`. Links and `lightly_outputs` are
/// treated as in LightlyDataset.
///
/// Frames are exactly VideoReader's. They are shared with a cache, so that transforms must not
/// write to them. In a random order without a VideoSampler nearly every frame costs the way from
/// its key frame. An index takes some 72 bytes a frame. Throws c10::ValueError when there is no
/// such folder or `filenames` has a name that is not in it, c10::Error when a folder cannot be
/// read, has no video, or one of them cannot be indexed (see BadVideos). `get` throws c10::Error
/// that names the file for one that is gone, has changed since it was indexed or cannot be decoded.
/// As lightly 1.1: VideoDataset; differs: exact frame counts, sorted, sub-folders, thread-safe.
class VideoDataset : public Dataset {
 public:
  explicit VideoDataset(std::filesystem::path root, VideoDatasetOptions options = {});

  std::int64_t size() const override { return size_; }
  Sample get(std::int64_t index) const override;
  std::string file_name(std::int64_t index) const override;

  const std::filesystem::path& root() const { return root_; }
  const VideoDatasetOptions& options() const { return options_; }

  /// By target.
  const std::vector<DatasetVideo>& videos() const { return videos_; }

  /// Those that BadVideos::kSkip has passed over, in order.
  const std::vector<SkippedVideo>& skipped() const { return skipped_; }

  /// Of the sample at `index` in [0, size()): its video, an index into videos(), and its frame in
  /// it. Throw c10::IndexError outside.
  std::int64_t video(std::int64_t index) const;
  std::int64_t frame(std::int64_t index) const;

  /// Seconds from the start of the video's first frame to that of the sample's.
  double seconds(std::int64_t index) const;

  /// The index of the sample with this name, or that shows this frame of a video (an index into
  /// videos()), if there is one; in logarithmic time.
  std::optional<std::int64_t> index_of(std::string_view name) const;
  std::optional<std::int64_t> index_of(std::int64_t video, std::int64_t frame) const;

  /// All samples, in order, cut where decoding can begin anew.
  std::vector<VideoSegment> segments() const;

  /// uint8 [n, 3, H, W]: frames of one video, in any order, whatever `filenames` takes of it.
  /// Throws c10::IndexError for a video or a frame that there is not.
  at::Tensor frames(std::int64_t video, std::span<const std::int64_t> frames) const;

  /// What the pixels of the largest frame take.
  std::int64_t max_frame_bytes() const;

  VideoDatasetStatistics statistics() const;

 private:
  FramePlace place(std::int64_t index) const;

  std::filesystem::path root_;
  VideoDatasetOptions options_;
  std::vector<DatasetVideo> videos_;
  std::vector<SkippedVideo> skipped_;
  /// Shared with samples, whose pairs are decoded when their views are made.
  std::shared_ptr<VideoFrames> frames_;
  /// Frames before each video, those of all; with `filenames` of the selected ones.
  std::vector<std::int64_t> offsets_;
  /// With `filenames`: the frame in its video of each sample.
  std::optional<std::vector<std::int64_t>> selected_;
  std::int64_t size_ = 0;
};

}  // namespace lightly::data
