#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lightly/data/lightly_dataset.hpp"
#include "lightly/data/video_dataset.hpp"
#include "lightly/media/video_index.hpp"

namespace lightly::data {

/// A frame of videos and the name it is to be written under.
struct FrameFile {
  /// The sample's index in the data set.
  std::int64_t index = 0;
  std::string name = {};
};

/// A name and why there is no frame for it, or why it could not be written.
struct FrameProblem {
  std::string name;
  std::string reason;
};

/// What find_frames and select_frames find.
struct FoundFrames {
  /// In the order of the list or of the data set, each name once.
  std::vector<FrameFile> frames = {};
  std::vector<FrameProblem> unknown = {};
};

/// The frames of a list of names, as lightly's platform gives them: `stem-068536-mp4.png`, or
/// `068536-mp4.png` where one video alone has that ending, that many frames and that many digits.
///
/// A name that the data set does not have is unknown, with the reason: other digits, a frame beyond
/// the end, no such video, several videos.
FoundFrames find_frames(const VideoDataset& videos, const std::vector<std::string>& names);

/// Which frames of every video; one of the three is set.
struct FrameSelection {
  /// These, each once.
  std::optional<std::vector<std::int64_t>> indices = {};
  /// Every n-th from the first on, n >= 1.
  std::optional<std::int64_t> every = {};
  /// What is shown at 0, 1 / fps, 2 / fps ... seconds, each frame once, fps > 0: for videos whose
  /// frames do not come at even times too.
  std::optional<double> fps = {};

  /// Throws c10::ValueError for values out of their range, and unless one alone is set.
  void check() const;
};

/// The numbers of the selected frames of one video, ascending; `indices` as they are, also those
/// that the video does not have. Throws what FrameSelection::check throws.
std::vector<std::int64_t> selected_frames(const media::VideoIndex& video,
                                          const FrameSelection& selection);

/// The selected frames under the data set's own names; `unknown` names the videos that have no such
/// index. Throws what FrameSelection::check throws.
FoundFrames select_frames(const VideoDataset& videos, const FrameSelection& selection);

/// What becomes of a file that is there.
enum class ExistingFiles {
  /// It stays as it is: files are written whole or not at all, so that what was cut off goes on.
  kKeep,
  kReplace,
};

struct DumpFramesOptions {
  DumpFormat format = DumpFormat::kPng;
  /// Of kJpeg, in [1, 100]; Pillow's default.
  std::int64_t jpeg_quality = 75;
  /// Pixels, >= 1, of the shorter side, the other in proportion (functional::resize, Pillow's
  /// bilinear); without a value frames keep their size.
  std::optional<std::int64_t> shorter_side = {};
  ExistingFiles existing = ExistingFiles::kKeep;
  /// Threads, >= 0, that decode and write; 0: one for each processor.
  std::int64_t num_threads = 0;
  /// Called after each frame with the frames done and those in all, by any of the threads, one at a
  /// time. What it throws ends the work and is thrown by it.
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

struct DumpFramesReport {
  std::int64_t written = 0;
  /// Files that were there.
  std::int64_t kept = 0;
  /// Frames that could not be decoded or written, in the videos' order.
  std::vector<FrameProblem> failed = {};
};

/// Writes frames as images into `output_dir` under their names, with sub-folders; kJpeg puts `.jpg`
/// in the place of the name's `.png`. The files do not depend on the order of `frames` nor on the
/// threads.
///
/// Nothing is written outside `output_dir`: a name that would lead there is a c10::ValueError
/// before anything is written, as is a name that comes twice; a link in the place of one of its
/// sub-folders makes its frames fail. Throws c10::IndexError for an index that is not in the data
/// set.
DumpFramesReport dump_frames(const VideoDataset& videos, std::vector<FrameFile> frames,
                             const std::filesystem::path& output_dir,
                             const DumpFramesOptions& options = {});

}  // namespace lightly::data
