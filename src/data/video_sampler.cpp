#include "lightly/data/video_sampler.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <c10/util/Exception.h>

#include "data/shuffler.hpp"
#include "lightly/core/check.hpp"

namespace lightly::data {
namespace {

std::vector<VideoSegment> segments_of(const std::shared_ptr<const VideoDataset>& videos) {
  TORCH_CHECK_VALUE(videos != nullptr, "VideoSampler: videos must not be null");
  return videos->segments();
}

std::int64_t frames_in(const std::vector<VideoSegment>& segments) {
  std::int64_t frames = 0;
  for (const VideoSegment& segment : segments) {
    frames += segment.end - segment.begin;
  }
  return frames;
}

// The runs of the open segments, from which an epoch is drawn.
class ShuffleBuffer {
 public:
  ShuffleBuffer(std::vector<VideoSegment> segments, std::int64_t num_open, std::int64_t run_frames)
      : segments_(std::move(segments)),
        run_frames_(run_frames),
        open_(std::min(static_cast<std::size_t>(num_open), segments_.size())) {
    for (std::size_t i = 0; i < open_.size(); ++i) {
      refill(i);
    }
  }

  bool is_empty() const { return frames_.empty(); }

  std::int64_t draw(core::Random& random) {
    Frame& frame = frames_[random.below(frames_.size())];
    const Frame drawn = frame;
    frame = frames_.back();
    frames_.pop_back();
    if (--open_[drawn.place].left == 0) {
      refill(drawn.place);
    }
    return drawn.index;
  }

 private:
  struct Open {
    // What of the segment has not been in the buffer yet.
    VideoSegment rest;
    // Frames of it in the buffer.
    std::int64_t left = 0;
  };
  struct Frame {
    std::int64_t index;
    std::size_t place;
  };

  void refill(std::size_t place) {
    Open& open = open_[place];
    while (open.rest.begin == open.rest.end) {
      if (next_ == segments_.size()) {
        return;
      }
      open.rest = segments_[next_++];
    }
    open.left = std::min(run_frames_, open.rest.end - open.rest.begin);
    for (std::int64_t i = 0; i < open.left; ++i) {
      frames_.push_back({.index = open.rest.begin++, .place = place});
    }
  }

  std::vector<VideoSegment> segments_;
  std::int64_t run_frames_;
  std::vector<Open> open_;
  std::size_t next_ = 0;
  std::vector<Frame> frames_;
};

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

VideoSampler::VideoSampler(std::shared_ptr<const VideoDataset> videos,
                           const VideoSamplerOptions& options)
    : VideoSampler(segments_of(videos), options) {
  const VideoDatasetOptions& bounds = videos->options();
  num_open_ = std::min(num_open_, std::max<std::int64_t>(bounds.max_open * 3 / 4, 1));
  const std::int64_t frame_bytes = std::max<std::int64_t>(videos->max_frame_bytes(), 1);
  const std::int64_t room =
      bounds.max_cache_bytes / frame_bytes / num_open_ - 2 * bounds.pair_max_frames;
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
  ShuffleBuffer buffer(std::move(shuffled), num_open_, run_frames_);
  std::vector<std::int64_t> indices;
  indices.reserve(static_cast<std::size_t>(size_));
  while (!buffer.is_empty()) {
    indices.push_back(buffer.draw(random));
  }
  return indices;
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
