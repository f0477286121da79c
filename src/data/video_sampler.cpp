#include "lightly/data/video_sampler.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <c10/util/Exception.h>

#include "data/shuffler.hpp"
#include "lightly/core/check.hpp"

namespace lightly::data {
namespace {

// With pairs, a segment and what follows it in its video are one, as long as the frames that are
// decoded behind its end, for the pairs of its last ones, would be more than a part in kPairsIn.
constexpr std::int64_t kPairsIn = 12;
// Frames of an open segment in a round, where pairs leave the choice.
constexpr std::int64_t kLeastRun = 8;

// Not more than any video has.
std::int64_t pair_reach(const VideoDataset& videos) {
  return std::min<std::int64_t>(videos.options().pair_max_frames, INT32_MAX);
}

std::vector<VideoSegment> segments_of(const std::shared_ptr<const VideoDataset>& videos) {
  TORCH_CHECK_VALUE(videos != nullptr, "VideoSampler: videos must not be null");
  const std::int64_t least = kPairsIn * pair_reach(*videos);
  std::vector<VideoSegment> segments;
  for (const VideoSegment& segment : videos->segments()) {
    if (!segments.empty() && segments.back().video == segment.video &&
        segments.back().end - segments.back().begin < least) {
      segments.back().end = segment.end;
    } else {
      segments.push_back(segment);
    }
  }
  return segments;
}

std::int64_t frames_in(const std::vector<VideoSegment>& segments) {
  std::int64_t frames = 0;
  for (const VideoSegment& segment : segments) {
    frames += segment.end - segment.begin;
  }
  return frames;
}

// Of each segment in `open` the next run, from the front; where one is at its end the next of
// `segments`, which are taken from `next` on, has its place.
std::vector<std::int64_t> next_round(std::vector<VideoSegment>& open, std::int64_t run_frames,
                                     const std::vector<VideoSegment>& segments, std::size_t& next) {
  std::vector<std::int64_t> round;
  for (VideoSegment& rest : open) {
    while (rest.begin == rest.end && next < segments.size()) {
      rest = segments[next++];
    }
    for (std::int64_t i = 0; i < run_frames && rest.begin < rest.end; ++i) {
      round.push_back(rest.begin++);
    }
  }
  return round;
}

}  // namespace

void VideoSamplerOptions::check() const {
  core::check_at_least("VideoSampler", "num_open", num_open, 1);
  core::check_at_least("VideoSampler", "buffer_frames", buffer_frames, 1);
  shards.check();
}

VideoSampler::VideoSampler(std::vector<VideoSegment> segments, const VideoSamplerOptions& options)
    : segments_(std::move(segments)), options_(options) {
  options_.check();
  const std::int64_t frames = frames_in(segments_);
  TORCH_CHECK_VALUE(frames > 0, "VideoSampler: segments must have at least one frame");
  num_open_ = std::min(options_.num_open, static_cast<std::int64_t>(segments_.size()));
  run_frames_ = std::max<std::int64_t>(options_.buffer_frames / num_open_, 1);
  const std::int64_t shards = options_.shards.num_shards;
  size_ = (frames + (options_.shards.drop_last ? 0 : shards - 1)) / shards;
  TORCH_CHECK_VALUE(size_ > 0, "VideoSampler: no frame would be left for each of ", shards,
                    " shards of ", frames, " frames");
}

VideoSampler::VideoSampler(const std::shared_ptr<const VideoDataset>& videos,
                           const VideoSamplerOptions& options)
    : VideoSampler(segments_of(videos), options) {
  const VideoDatasetOptions& bounds = videos->options();
  num_open_ = std::min(num_open_, std::max<std::int64_t>(bounds.max_open * 3 / 4, 1));
  std::int64_t cached =
      bounds.max_cache_bytes / std::max<std::int64_t>(videos->max_frame_bytes(), 1);
  const std::int64_t reach = pair_reach(*videos);
  if (reach > 0) {
    // From when a frame is decoded, as one of a pair, to when its own run ends, each segment goes
    // on by a run and what the pairs reach beyond it, after as much that is still in use.
    cached /= 2;
    num_open_ = std::clamp<std::int64_t>(cached / (reach + kLeastRun), 1, num_open_);
  }
  const std::int64_t room = cached / num_open_ - reach;
  run_frames_ = options.buffer_frames / num_open_;
  run_frames_ = std::max<std::int64_t>(std::min({run_frames_, bounds.keep_passed / 2, room}), 1);
}

std::vector<std::int64_t> VideoSampler::order(const core::RandomKey& key) const {
  core::Random random = shuffler(key);
  std::vector<VideoSegment> shuffled;
  for (const std::int64_t i : random.permutation(static_cast<std::int64_t>(segments_.size()))) {
    shuffled.push_back(segments_[static_cast<std::size_t>(i)]);
  }
  if (options_.shards.num_shards > 1) {
    shuffled = shard_of(std::move(shuffled));
  }
  std::vector<std::int64_t> indices;
  indices.reserve(static_cast<std::size_t>(size_));
  std::vector<VideoSegment> open(static_cast<std::size_t>(num_open_));
  std::size_t next = 0;
  while (true) {
    const std::vector<std::int64_t> round = next_round(open, run_frames_, shuffled, next);
    if (round.empty()) {
      return indices;
    }
    for (const std::int64_t i : random.permutation(static_cast<std::int64_t>(round.size()))) {
      indices.push_back(round[static_cast<std::size_t>(i)]);
    }
  }
}

// The shard's part of the segments laid end to end, from the first again behind the last.
std::vector<VideoSegment> VideoSampler::shard_of(std::vector<VideoSegment> shuffled) const {
  std::vector<VideoSegment> shard;
  std::int64_t skip = options_.shards.shard * size_;
  std::int64_t left = size_;
  for (std::size_t i = 0; left > 0; i = (i + 1) % shuffled.size()) {
    VideoSegment part = shuffled[i];
    const std::int64_t skipped = std::min(skip, part.end - part.begin);
    part.begin += skipped;
    part.end = std::min(part.end, part.begin + left);
    skip -= skipped;
    left -= part.end - part.begin;
    shard.push_back(part);
  }
  return shard;
}

}  // namespace lightly::data
