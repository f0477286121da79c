#include "lightly/data/video_clips.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"

namespace lightly::data {

void VideoClipsOptions::check() const {
  // A clip's frames are in memory together; the bound also keeps their span far from overflow.
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  core::check_at_least("VideoClips", "clip_length", clip_length, 1);
  core::check_at_least("VideoClips", "stride", stride, 1);
  core::check_at_least("VideoClips", "frames_between_clips", frames_between_clips, 1);
  TORCH_CHECK_VALUE(clip_length <= kMost && stride <= kMost,
                    "VideoClips: clip_length and stride must be at most ", kMost, ", got ",
                    clip_length, " and ", stride);
}

VideoClips::VideoClips(std::shared_ptr<const VideoDataset> videos, const VideoClipsOptions& options)
    : videos_(std::move(videos)), options_(options) {
  options_.check();
  TORCH_CHECK_VALUE(videos_ != nullptr, "VideoClips: videos must not be null");
  const std::int64_t span = (options_.clip_length - 1) * options_.stride + 1;
  for (const DatasetVideo& video : videos_->videos()) {
    const std::int64_t frames = video.index == nullptr ? 0 : video.index->size();
    const std::int64_t clips =
        frames < span ? 0 : (frames - span) / options_.frames_between_clips + 1;
    offsets_.push_back(offsets_.back() + clips);
  }
}

VideoClip VideoClips::get(std::int64_t index) const {
  TORCH_CHECK_INDEX(index >= 0 && index < size(), "VideoClips: index must be in [0, ", size(),
                    "), got ", index);
  const auto next = std::upper_bound(offsets_.begin(), offsets_.end(), index);
  VideoClip clip;
  clip.video = next - offsets_.begin() - 1;
  clip.first_frame = (index - *std::prev(next)) * options_.frames_between_clips;
  clip.seconds =
      videos_->videos()[static_cast<std::size_t>(clip.video)].index->seconds(clip.first_frame);
  std::vector<std::int64_t> frames;
  for (std::int64_t i = 0; i < options_.clip_length; ++i) {
    frames.push_back(clip.first_frame + i * options_.stride);
  }
  clip.frames = videos_->frames(clip.video, frames);
  return clip;
}

std::vector<std::pair<std::int64_t, std::int64_t>> VideoClips::clips_by_video() const {
  std::vector<std::pair<std::int64_t, std::int64_t>> clips;
  for (std::size_t v = 0; v + 1 < offsets_.size(); ++v) {
    clips.emplace_back(offsets_[v], offsets_[v + 1]);
  }
  return clips;
}

}  // namespace lightly::data
