#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/data/video_dataset.hpp"

namespace lightly::data {

struct VideoClipsOptions {
  /// Frames a clip, >= 1.
  std::int64_t clip_length = 16;
  /// From a clip's frame to its next one, in frames of the video, >= 1: 2 leaves out every second.
  std::int64_t stride = 1;
  /// From a clip's first frame to the next clip's, in frames of the video, >= 1.
  std::int64_t frames_between_clips = 1;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// A few frames of a video, evenly spaced.
struct VideoClip {
  /// uint8 [T, 3, H, W], RGB, channels-last.
  at::Tensor frames;
  /// The video, an index into VideoDataset::videos.
  std::int64_t video = 0;
  /// The first frame, and when it is shown, in seconds from the video's first.
  std::int64_t first_frame = 0;
  double seconds = 0.0;
};

/// All clips of one length that lie wholly in a video, video after video. As torchvision:
/// VideoClips; differs: exact frames; `stride` in the place of a frame rate.
///
/// Videos that are too short have no clip. Of a selection of frames the videos count whole.
/// Thread-safe.
class VideoClips {
 public:
  /// Throws c10::ValueError for no data set or options out of range.
  explicit VideoClips(std::shared_ptr<const VideoDataset> videos,
                      const VideoClipsOptions& options = {});

  /// The number of clips.
  std::int64_t size() const { return offsets_.back(); }

  /// The clip at `index` in [0, size()). Throws c10::IndexError outside and c10::Error as
  /// VideoDataset::get.
  VideoClip get(std::int64_t index) const;

  /// The clips [begin, end) of each video, by VideoDataset::videos: what a sampler of so many clips
  /// a video draws from.
  std::vector<std::pair<std::int64_t, std::int64_t>> clips_by_video() const;

 private:
  std::shared_ptr<const VideoDataset> videos_;
  VideoClipsOptions options_;
  /// Clips before each video, and those of all.
  std::vector<std::int64_t> offsets_{0};
};

}  // namespace lightly::data
