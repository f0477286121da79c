#include "lightly/data/dump_frames.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include <c10/util/Exception.h>

#include "data/frame_name.hpp"
#include "data/output_folder.hpp"
#include "data/parallel.hpp"
#include "data/some_names.hpp"
#include "lightly/core/check.hpp"
#include "lightly/media/image_io.hpp"
#include "lightly/transforms/functional.hpp"
#include "media/frame_size.hpp"

namespace lightly::data {
namespace {

constexpr std::string_view kPng = ".png";

// Of a name `{digits}-{ext}.png`: the frame, if one video alone can have it.
struct Bare {
  std::optional<std::int64_t> index = {};
  // The names it may stand for.
  std::vector<std::string> candidates = {};
};

Bare find_bare(const VideoDataset& videos, std::string_view name) {
  Bare found;
  const std::size_t digits = name.find('-');
  std::int64_t frame = 0;
  const char* end = name.data() + std::min(digits, name.size());
  const auto [stopped, error] = std::from_chars(name.data(), end, frame);
  if (digits == std::string_view::npos || digits == 0 || error != std::errc() || stopped != end ||
      frame < 0) {
    return found;
  }
  for (const DatasetVideo& video : videos.videos()) {
    if (video.index == nullptr || frame >= video.index->size()) {
      continue;
    }
    const std::string candidate = frame_name(video.name, frame, video.index->size());
    const std::size_t stem = video.name.rfind('.') + 1;
    if (stem < candidate.size() && candidate.compare(stem, std::string::npos, name) == 0) {
      found.index = videos.index_of(candidate);
      found.candidates.push_back(candidate);
    }
  }
  return found;
}

// Why the data set has no such name, as precisely as the name allows.
std::string reason_against(const VideoDataset& videos, const std::string& name) {
  const std::optional<NamedFrame> parsed = parse_frame_name(name);
  for (const DatasetVideo& video : videos.videos()) {
    if (parsed && video.name == parsed->video && video.index != nullptr) {
      const std::int64_t count = video.index->size();
      return parsed->frame >= count ? video.name + " has frames 0 to " + std::to_string(count - 1)
                                    : video.name + " has " + std::to_string(count) +
                                          " frames, so that this one's name is " +
                                          frame_name(video.name, parsed->frame, count);
    }
  }
  return "no video has such a frame";
}

std::string file_name_of(const FrameFile& frame, DumpFormat format) {
  std::string name = frame.name;
  if (format == DumpFormat::kJpeg && name.ends_with(kPng)) {
    name.replace(name.size() - kPng.size(), kPng.size(), ".jpg");
  }
  return name;
}

at::Tensor resized(const at::Tensor& image, const std::optional<std::int64_t>& shorter_side) {
  if (!shorter_side) {
    return image;
  }
  const auto [width, height] =
      media::with_shorter_side({.width = image.size(2), .height = image.size(1)}, *shorter_side);
  return transforms::functional::resize(image, {height, width});
}

void write(const std::filesystem::path& path, const at::Tensor& image,
           const DumpFramesOptions& options) {
  const at::Tensor sized = resized(image, options.shorter_side);
  if (options.format == DumpFormat::kPng) {
    media::save_png(path, sized);
  } else {
    media::save_jpeg(path, sized, {.quality = options.jpeg_quality});
  }
}

}  // namespace

void DumpFramesOptions::check() const {
  TORCH_CHECK_VALUE(jpeg_quality >= 1 && jpeg_quality <= 100,
                    "dump_frames: jpeg_quality must be in [1, 100], got ", jpeg_quality);
  core::check_at_least("dump_frames", "shorter_side", shorter_side.value_or(1), 1);
  core::check_at_least("dump_frames", "num_threads", num_threads, 0);
}

FoundFrames find_frames(const VideoDataset& videos, const std::vector<std::string>& names) {
  FoundFrames found;
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) {
      continue;
    }
    std::optional<std::int64_t> index = videos.index_of(name);
    std::string reason;
    if (!index) {
      const auto [bare, candidates] = find_bare(videos, name);
      if (candidates.size() > 1) {
        reason = "it may be " + some_names(candidates);
      } else {
        index = bare;
      }
    }
    if (index) {
      found.frames.push_back({.index = *index, .name = name});
    } else {
      found.unknown.push_back(
          {.name = name, .reason = reason.empty() ? reason_against(videos, name) : reason});
    }
  }
  return found;
}

void FrameSelection::check() const {
  const int chosen = (indices ? 1 : 0) + (every ? 1 : 0) + (fps ? 1 : 0);
  TORCH_CHECK_VALUE(chosen == 1, "FrameSelection: one of indices, every and fps must be set, got ",
                    chosen);
  core::check_at_least("FrameSelection", "every", every.value_or(1), 1);
  TORCH_CHECK_VALUE(!fps || (std::isfinite(*fps) && *fps > 0.0),
                    "FrameSelection: fps must be > 0, got ", fps.value_or(0.0));
}

std::vector<std::int64_t> selected_frames(const media::VideoIndex& video,
                                          const FrameSelection& selection) {
  selection.check();
  std::vector<std::int64_t> frames;
  if (selection.indices) {
    const std::set<std::int64_t> sorted(selection.indices->begin(), selection.indices->end());
    frames.assign(sorted.begin(), sorted.end());
  } else if (selection.every) {
    for (std::int64_t frame = 0; frame < video.size(); frame += *selection.every) {
      frames.push_back(frame);
    }
  } else {
    // By the frames, of which there are so many, and not by the ticks of any fps. A tick that falls
    // on the start of a frame, but for rounding, is that frame's.
    const auto ticks = [&](double seconds) { return seconds * *selection.fps - 1e-6; };
    for (std::int64_t frame = 0; frame < video.size(); ++frame) {
      const bool is_last = frame + 1 == video.size();
      const double begin = std::ceil(ticks(video.seconds(frame)));
      const double end = ticks(is_last ? video.duration_seconds() : video.seconds(frame + 1));
      if (begin < end || (frame == 0 && is_last)) {
        frames.push_back(frame);
      }
    }
  }
  return frames;
}

FoundFrames select_frames(const VideoDataset& videos, const FrameSelection& selection) {
  selection.check();
  FoundFrames found;
  for (std::size_t v = 0; v < videos.videos().size(); ++v) {
    const DatasetVideo& video = videos.videos()[v];
    if (video.index == nullptr) {
      continue;
    }
    const std::int64_t count = video.index->size();
    for (const std::int64_t frame : selected_frames(*video.index, selection)) {
      if (frame < 0 || frame >= count) {
        found.unknown.push_back({.name = video.name + ", frame " + std::to_string(frame),
                                 .reason = "it has frames 0 to " + std::to_string(count - 1)});
        continue;
      }
      // Not every frame is in a data set that has a selection of its own.
      if (const auto index = videos.index_of(static_cast<std::int64_t>(v), frame)) {
        found.frames.push_back({.index = *index, .name = frame_name(video.name, frame, count)});
      }
    }
  }
  return found;
}

DumpFramesReport dump_frames(const VideoDataset& videos, std::vector<FrameFile> frames,
                             const std::filesystem::path& output_dir,
                             const DumpFramesOptions& options) {
  options.check();
  std::set<std::string> names;
  for (const FrameFile& frame : frames) {
    TORCH_CHECK_INDEX(frame.index >= 0 && frame.index < videos.size(),
                      "dump_frames: index must be in [0, ", videos.size(), "), got ", frame.index);
    const std::string name = file_name_of(frame, options.format);
    TORCH_CHECK_VALUE(stays_inside(name), "dump_frames: names must stay inside output_dir, got ",
                      frame.name);
    TORCH_CHECK_VALUE(names.insert(name).second,
                      "dump_frames: each file must have one name, got twice ", name);
  }
  // Decoders only go forward.
  std::ranges::sort(frames, {}, &FrameFile::index);
  OutputFolder output("dump_frames", output_dir);
  enum class Outcome { kWritten, kKept, kFailed };
  std::vector<Outcome> outcomes(frames.size(), Outcome::kFailed);
  std::vector<std::string> reasons(frames.size());
  for_each_in_parallel(
      static_cast<std::int64_t>(frames.size()), options.num_threads,
      [&](std::int64_t i) {
        const FrameFile& frame = frames[static_cast<std::size_t>(i)];
        Outcome& outcome = outcomes[static_cast<std::size_t>(i)];
        try {
          const std::filesystem::path path = output.prepare(file_name_of(frame, options.format));
          std::error_code ignored;
          if (options.existing == ExistingFiles::kKeep &&
              std::filesystem::is_regular_file(path, ignored)) {
            outcome = Outcome::kKept;
            return;
          }
          write(path, videos.get(frame.index).image, options);
          outcome = Outcome::kWritten;
        } catch (const c10::Error& error) {
          reasons[static_cast<std::size_t>(i)] = error.what_without_backtrace();
        } catch (const std::exception& error) {
          reasons[static_cast<std::size_t>(i)] = error.what();
        }
      },
      options.progress);
  DumpFramesReport report;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    report.written += outcomes[i] == Outcome::kWritten ? 1 : 0;
    report.kept += outcomes[i] == Outcome::kKept ? 1 : 0;
    if (outcomes[i] == Outcome::kFailed) {
      report.failed.push_back({.name = frames[i].name, .reason = std::move(reasons[i])});
    }
  }
  return report;
}

}  // namespace lightly::data
