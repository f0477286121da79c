#include "lightly/data/video_dataset.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <system_error>
#include <utility>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include "data/frame_name.hpp"
#include "data/joined.hpp"
#include "data/list_folder.hpp"
#include "data/output_folder.hpp"
#include "data/parallel.hpp"
#include "data/some_names.hpp"
#include "data/video_frames.hpp"
#include "lightly/core/check.hpp"

namespace lightly::data {
namespace {

bool is_extension(const std::string& text) {
  return text.size() >= 2 && text.front() == '.' && text.back() != '.' &&
         text.find_first_of("-/") == std::string::npos;
}

// Sorted.
std::vector<std::string> list_videos(const std::filesystem::path& root,
                                     const VideoDatasetOptions& options) {
  std::error_code error;
  TORCH_CHECK_VALUE(
      std::filesystem::status(root, error).type() != std::filesystem::file_type::not_found,
      "VideoDataset: the folder ", root.string(), " does not exist");
  if (options.videos) {
    std::vector<std::string> names = *options.videos;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }
  LightlyDatasetOptions no_images;
  no_images.extensions.clear();
  std::vector<std::string> names =
      list_folder(root, no_images, {.callee = "VideoDataset", .extensions = options.extensions})
          .videos;
  TORCH_CHECK(!names.empty(), "VideoDataset: found 0 videos in folder ", root.string(),
              "; supported extensions are ", joined(options.extensions));
  return names;
}

// Which of the videos the frames are of.
std::vector<bool> videos_of(const std::vector<std::string>& filenames,
                            const std::vector<std::string>& videos) {
  std::vector<bool> wanted(videos.size(), false);
  for (const std::string& name : filenames) {
    if (const std::optional<NamedFrame> named = parse_frame_name(name)) {
      const auto found = std::lower_bound(videos.begin(), videos.end(), named->video);
      if (found != videos.end() && *found == named->video) {
        wanted[static_cast<std::size_t>(found - videos.begin())] = true;
      }
    }
  }
  return wanted;
}

// The frame of that name, if there is one and its video is indexed.
std::optional<FramePlace> find_frame(const std::vector<DatasetVideo>& videos,
                                     std::string_view name) {
  const std::optional<NamedFrame> named = parse_frame_name(name);
  if (!named) {
    return std::nullopt;
  }
  const auto found = std::lower_bound(
      videos.begin(), videos.end(), named->video,
      [](const DatasetVideo& video, const std::string& wanted) { return video.name < wanted; });
  if (found == videos.end() || found->name != named->video || found->index == nullptr ||
      named->frame >= found->index->size() ||
      frame_name(found->name, named->frame, found->index->size()) != name) {
    return std::nullopt;
  }
  return FramePlace{.video = found - videos.begin(), .frame = named->frame};
}

// The selected frames of each video, ascending.
std::vector<std::vector<std::int64_t>> selected_frames(const std::vector<std::string>& filenames,
                                                       const std::vector<DatasetVideo>& videos,
                                                       const std::vector<SkippedVideo>& skipped,
                                                       const std::filesystem::path& root) {
  std::vector<std::vector<std::int64_t>> frames(videos.size());
  std::vector<std::string> unknown;
  const auto is_skipped = [&](const std::string& name) {
    const std::optional<NamedFrame> named = parse_frame_name(name);
    return named && std::any_of(skipped.begin(), skipped.end(), [&](const SkippedVideo& video) {
             return video.name == named->video;
           });
  };
  for (const std::string& name : filenames) {
    if (const std::optional<FramePlace> place = find_frame(videos, name)) {
      frames[static_cast<std::size_t>(place->video)].push_back(place->frame);
    } else if (!is_skipped(name)) {
      unknown.push_back(name);
    }
  }
  TORCH_CHECK_VALUE(unknown.empty(), "VideoDataset: filenames must be in ", root.string(), ", got ",
                    unknown.size(), " that are not: ", some_names(unknown));
  for (std::vector<std::int64_t>& of_video : frames) {
    std::sort(of_video.begin(), of_video.end());
    of_video.erase(std::unique(of_video.begin(), of_video.end()), of_video.end());
  }
  return frames;
}

}  // namespace

void VideoDatasetOptions::check() const {
  TORCH_CHECK_VALUE(
      !extensions.empty() && std::all_of(extensions.begin(), extensions.end(), is_extension),
      "VideoDataset: extensions must be at least one ending such as .mp4, got \"",
      joined(extensions), "\"");
  TORCH_CHECK_VALUE(!videos || !videos->empty(),
                    "VideoDataset: videos must name at least one video, got none");
  for (const std::string& video : videos.value_or(std::vector<std::string>())) {
    TORCH_CHECK_VALUE(stays_inside(video) && ends_with_any(video, extensions),
                      "VideoDataset: videos must be relative paths in the folder that end with ",
                      joined(extensions), ", got ", video);
  }
  TORCH_CHECK_VALUE(!filenames || !filenames->empty(),
                    "VideoDataset: filenames must name at least one frame, got none");
  core::check_at_least("VideoDataset", "num_threads", num_threads, 0);
  core::check_at_least("VideoDataset", "max_open", max_open, 1);
  core::check_at_least("VideoDataset", "max_cache_bytes", max_cache_bytes, 0);
  core::check_at_least("VideoDataset", "keep_passed", keep_passed, 0);
  core::check_at_least("VideoDataset", "pair_max_frames", pair_max_frames, 0);
  reader.check();
}

VideoDataset::VideoDataset(std::filesystem::path root, VideoDatasetOptions options)
    : root_(std::move(root)), options_(std::move(options)) {
  options_.check();
  const std::vector<std::string> names = list_videos(root_, options_);
  std::vector<bool> wanted(names.size(), true);
  if (options_.filenames) {
    wanted = videos_of(*options_.filenames, names);
  }
  std::vector<IndexedVideo> indexed(names.size());
  std::vector<std::string> reasons(names.size());
  const bool refuses = options_.bad_videos == BadVideos::kRefuse;
  // What is refused first does not depend on the threads: those before it are all read.
  std::atomic<std::int64_t> first_bad = static_cast<std::int64_t>(names.size());
  for_each_in_parallel(
      static_cast<std::int64_t>(names.size()), options_.num_threads,
      [&](std::int64_t v) {
        const auto i = static_cast<std::size_t>(v);
        if (!wanted[i] || (refuses && v > first_bad)) {
          return;
        }
        try {
          indexed[i] = IndexedVideo::read(root_ / names[i], options_.reader);
        } catch (const c10::ValueError&) {
          throw;  // the options are wrong, and not the video
        } catch (const c10::Error& error) {
          reasons[i] = error.what_without_backtrace();
          for (std::int64_t bad = first_bad; v < bad && !first_bad.compare_exchange_weak(bad, v);) {
          }
        }
      },
      options_.progress);
  const auto bad = static_cast<std::size_t>(first_bad.load());
  TORCH_CHECK(!refuses || bad == names.size(), reasons[bad]);
  std::vector<IndexedVideo> videos;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!reasons[i].empty()) {
      skipped_.push_back({.name = names[i], .reason = std::move(reasons[i])});
    } else {
      videos_.push_back({.name = names[i], .index = indexed[i].index});
      videos.push_back(std::move(indexed[i]));
    }
  }
  if (options_.filenames) {
    selected_.emplace();
  }
  const std::vector<std::vector<std::int64_t>> selected =
      options_.filenames ? selected_frames(*options_.filenames, videos_, skipped_, root_)
                         : std::vector<std::vector<std::int64_t>>();
  for (std::size_t v = 0; v < videos_.size(); ++v) {
    offsets_.push_back(size_);
    if (selected_) {
      selected_->insert(selected_->end(), selected[v].begin(), selected[v].end());
      size_ += static_cast<std::int64_t>(selected[v].size());
    } else {
      size_ += videos_[v].index->size();
    }
  }
  offsets_.push_back(size_);
  TORCH_CHECK(size_ > 0, "VideoDataset: no video in ", root_.string(),
              " can be used, the first one: ", skipped_.front().reason);
  frames_ = std::make_shared<VideoFrames>(
      std::move(videos), VideoFramesOptions{.reader = options_.reader,
                                            .max_open = options_.max_open,
                                            .max_cache_bytes = options_.max_cache_bytes,
                                            .keep_passed = options_.keep_passed,
                                            .cache_order = options_.pair_max_frames > 0
                                                               ? FrameCacheOrder::kLongestUnused
                                                               : FrameCacheOrder::kGivenFirst});
}

Sample VideoDataset::get(std::int64_t index) const {
  const FramePlace at = place(index);
  Sample sample{.image = frames_->frame(at),
                .target = at.video,
                .file_name = file_name(index),
                .index = index};
  if (options_.pair_max_frames > 0) {
    const std::int64_t after =
        std::min(options_.pair_max_frames,
                 videos_[static_cast<std::size_t>(at.video)].index->size() - 1 - at.frame);
    sample.draw_image = [frames = frames_, at, image = sample.image, after](std::int64_t view,
                                                                            core::Random& random) {
      if (view == 0) {
        return image;
      }
      const auto later = random.below(static_cast<std::uint64_t>(after) + 1);
      return frames->frame(
          {.video = at.video, .frame = at.frame + static_cast<std::int64_t>(later)});
    };
  }
  return sample;
}

FramePlace VideoDataset::place(std::int64_t index) const {
  TORCH_CHECK_INDEX(index >= 0 && index < size_, "VideoDataset: index must be in [0, ", size_,
                    "), got ", index);
  const auto next = std::upper_bound(offsets_.begin(), offsets_.end(), index);
  return {.video = next - offsets_.begin() - 1,
          .frame =
              selected_ ? (*selected_)[static_cast<std::size_t>(index)] : index - *std::prev(next)};
}

std::string VideoDataset::file_name(std::int64_t index) const {
  const FramePlace at = place(index);
  const DatasetVideo& video = videos_[static_cast<std::size_t>(at.video)];
  return frame_name(video.name, at.frame, video.index->size());
}

std::int64_t VideoDataset::video(std::int64_t index) const {
  return place(index).video;
}

std::int64_t VideoDataset::frame(std::int64_t index) const {
  return place(index).frame;
}

double VideoDataset::seconds(std::int64_t index) const {
  const FramePlace at = place(index);
  return videos_[static_cast<std::size_t>(at.video)].index->seconds(at.frame);
}

std::optional<std::int64_t> VideoDataset::index_of(std::string_view name) const {
  const std::optional<FramePlace> at = find_frame(videos_, name);
  return at ? index_of(at->video, at->frame) : std::nullopt;
}

std::optional<std::int64_t> VideoDataset::index_of(std::int64_t video, std::int64_t frame) const {
  if (video < 0 || video >= static_cast<std::int64_t>(videos_.size())) {
    return std::nullopt;
  }
  const auto of = static_cast<std::size_t>(video);
  if (!selected_) {
    const bool is_there = frame >= 0 && frame < videos_[of].index->size();
    return is_there ? std::optional(offsets_[of] + frame) : std::nullopt;
  }
  const auto begin = selected_->begin() + offsets_[of];
  const auto end = selected_->begin() + offsets_[of + 1];
  const auto found = std::lower_bound(begin, end, frame);
  return found != end && *found == frame ? std::optional(found - selected_->begin()) : std::nullopt;
}

std::vector<VideoSegment> VideoDataset::segments() const {
  std::vector<VideoSegment> segments;
  for (std::int64_t index = 0, last_begin = 0; index < size_; ++index) {
    const FramePlace at = place(index);
    const std::int64_t begin =
        frames_->videos()[static_cast<std::size_t>(at.video)].segment_begin(at.frame);
    if (segments.empty() || segments.back().video != at.video || begin != last_begin) {
      segments.push_back({.begin = index, .end = index, .video = at.video});
    }
    last_begin = begin;
    ++segments.back().end;
  }
  return segments;
}

at::Tensor VideoDataset::frames(std::int64_t video, std::span<const std::int64_t> frames) const {
  const auto num_videos = static_cast<std::int64_t>(videos_.size());
  TORCH_CHECK_INDEX(video >= 0 && video < num_videos, "VideoDataset: video must be in [0, ",
                    num_videos, "), got ", video);
  const DatasetVideo& of = videos_[static_cast<std::size_t>(video)];
  TORCH_CHECK_VALUE(of.index != nullptr, "VideoDataset: video must be one that filenames has, got ",
                    of.name);
  TORCH_CHECK_VALUE(!frames.empty(), "VideoDataset: frames must name at least one");
  for (const std::int64_t frame : frames) {
    TORCH_CHECK_INDEX(frame >= 0 && frame < of.index->size(), "VideoDataset: frames of ", of.name,
                      " must be in [0, ", of.index->size(), "), got ", frame);
  }
  at::Tensor clip;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const at::Tensor image = frames_->frame({.video = video, .frame = frames[i]});
    if (!clip.defined()) {
      const auto count = static_cast<std::int64_t>(frames.size());
      clip = at::empty({count, image.size(1), image.size(2), 3}, image.options())
                 .permute({0, 3, 1, 2});
    }
    clip[static_cast<std::int64_t>(i)].copy_(image);
  }
  return clip;
}

std::int64_t VideoDataset::max_frame_bytes() const {
  std::int64_t most = 0;
  for (const IndexedVideo& video : frames_->videos()) {
    most = std::max(most, video.index ? video.frame_bytes(options_.reader) : 0);
  }
  return most;
}

VideoDatasetStatistics VideoDataset::statistics() const {
  return frames_->statistics();
}

}  // namespace lightly::data
