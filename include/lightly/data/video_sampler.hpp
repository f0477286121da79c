#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "lightly/data/sampler.hpp"
#include "lightly/data/video_dataset.hpp"

namespace lightly::data {

struct VideoSamplerOptions {
  /// Segments, >= 1, that an epoch draws from at a time: at most so many of them are in a batch.
  std::int64_t num_open = 24;
  /// Frames, >= 1, of a round, of all open segments together.
  std::int64_t buffer_frames = 1024;
  /// Which part of the epoch is this process's. Differs from ShardSampler, which leaves every shard
  /// with frames of all segments and thus the whole decoding.
  ShardSamplerOptions shards = {};

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// Every frame of videos once, well shuffled and yet decoded about once, for training without
/// extracting frames: `DataLoader(videos, ..., {.sampler =
/// std::make_shared<VideoSampler>(videos)})`.
///
/// Segments, which run from one key frame to the next, come in random order across videos, and
/// `num_open` of them are open at a time. An epoch goes in rounds: the next run of frames of every
/// open segment, `buffer_frames` together, in random order; where a segment ends, another takes its
/// place. So a batch has frames of up to `num_open` segments, neighbours in time come close
/// together in an epoch, and a decoder only ever goes forward. A function of seed and epoch;
/// thread-safe.
class VideoSampler : public Sampler {
 public:
  /// Within what the data set can hold: no more segments are open than three quarters of
  /// VideoDatasetOptions::max_open, and runs are no longer than half of `keep_passed` and than the
  /// cache has room for. With `pair_max_frames` fewer are open where the cache has no room for
  /// their pairs, and short segments that follow each other count as one. Throws c10::ValueError
  /// for no data set.
  explicit VideoSampler(const std::shared_ptr<const VideoDataset>& videos,
                        const VideoSamplerOptions& options = {});

  /// Of segments as they are, within no bounds. Throws c10::ValueError for none.
  explicit VideoSampler(std::vector<VideoSegment> segments,
                        const VideoSamplerOptions& options = {});

  std::int64_t size() const override { return size_; }
  std::vector<std::int64_t> order(const core::RandomKey& key) const override;

  /// Segments open at a time, and the frames of each in a round.
  std::int64_t num_open() const { return num_open_; }
  std::int64_t run_frames() const { return run_frames_; }

 private:
  std::vector<VideoSegment> shard_of(std::vector<VideoSegment> shuffled) const;

  std::vector<VideoSegment> segments_;
  VideoSamplerOptions options_;
  std::int64_t num_open_ = 1;
  std::int64_t run_frames_ = 1;
  std::int64_t size_ = 0;
};

}  // namespace lightly::data
