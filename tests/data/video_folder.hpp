#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/image_folder.hpp"
#include "lightly/data/video_dataset.hpp"

namespace lightly::data {

/// A fresh folder of videos, copies of the small real ones in tests/data/video.
class VideoFolder : public ImageFolder {
 public:
  /// 10 frames of 128 x 128 in 5 segments, and 25 of 64 x 64 in 2.
  static constexpr const char* kManyKeys = "h265_video.mp4";
  static constexpr const char* kFewKeys = "discard_first_keyframe.mp4";

  /// Copies a clip to `name`, in a folder of its own if need be.
  void add_video(const std::string& name, const std::string& clip) const;

  /// Those of its files that the process has open.
  std::int64_t count_open() const;
};

/// The file of a clip.
std::filesystem::path clip_path(const std::string& clip);

/// All frames of a video, one after the other from the start: [n, 3, H, W].
at::Tensor frames_of(const std::filesystem::path& video);

/// The names of all samples.
std::vector<std::string> names_of(const Dataset& dataset);

}  // namespace lightly::data
