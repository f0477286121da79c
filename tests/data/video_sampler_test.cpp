#include "lightly/data/video_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "data/video_folder.hpp"
#include "lightly/data/data_loader.hpp"
#include "lightly/transforms/simclr_transform.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::large_test_data;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;
using Indices = std::vector<std::int64_t>;

// `videos` of `segments` segments of `frames` frames.
std::vector<VideoSegment> even_segments(std::int64_t videos, std::int64_t segments,
                                        std::int64_t frames) {
  std::vector<VideoSegment> all;
  for (std::int64_t i = 0; i < videos * segments; ++i) {
    all.push_back({.begin = i * frames, .end = (i + 1) * frames, .video = i / segments});
  }
  return all;
}

Indices sorted(Indices indices) {
  std::sort(indices.begin(), indices.end());
  return indices;
}

Indices counting(std::int64_t size) {
  Indices indices(static_cast<std::size_t>(size));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

// Spearman's, of a permutation with its places.
double rank_correlation(const Indices& order) {
  const auto n = static_cast<double>(order.size());
  double squares = 0.0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    squares += std::pow(static_cast<double>(order[i]) - static_cast<double>(i), 2.0);
  }
  return 1.0 - 6.0 * squares / (n * (n * n - 1.0));
}

TEST(VideoSampler, TakesEveryFrameOnceAsSeedAndEpochSay) {
  for (const auto& [open, buffer] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {1, 1}, {1, 50}, {3, 7}, {24, 1024}, {1000, 1}}) {
    const VideoSampler sampler(even_segments(3, 5, 7), {.num_open = open, .buffer_frames = buffer});
    EXPECT_EQ(sampler.size(), 105);
    const Indices first = sampler.order({.seed = 1, .epoch = 0});
    EXPECT_EQ(sorted(first), counting(105));
    EXPECT_EQ(first, sampler.order({.seed = 1, .epoch = 0, .index = 5, .view = 1}));
    EXPECT_NE(first, sampler.order({.seed = 1, .epoch = 1}));
    EXPECT_NE(first, sampler.order({.seed = 2, .epoch = 0}));
  }
}

TEST(VideoSampler, RunsOfASegmentComeOneAfterTheOther) {
  const VideoSampler sampler(even_segments(4, 3, 20), {.num_open = 4, .buffer_frames = 32});
  EXPECT_EQ(sampler.num_open(), 4);
  EXPECT_EQ(sampler.run_frames(), 8);
  std::map<std::int64_t, std::int64_t> run_of;
  std::map<std::int64_t, std::int64_t> left_of;
  std::set<std::int64_t> open;
  const Indices order = sampler.order({.seed = 4});
  const Indices round = sorted({order.begin(), order.begin() + 32});
  for (std::size_t i = 0; i < 32; ++i) {
    EXPECT_EQ(round[i] % 20, static_cast<std::int64_t>(i % 8)) << "the first round, frame " << i;
  }
  EXPECT_NE(round, Indices(order.begin(), order.begin() + 32));
  for (const std::int64_t index : order) {
    const std::int64_t segment = index / 20;
    const std::int64_t run = index % 20 / 8;
    EXPECT_GE(run, run_of[segment]);
    run_of[segment] = run;
    open.insert(segment);
    EXPECT_LE(open.size(), 4U);
    if (++left_of[segment] == 20) {
      open.erase(segment);
    }
  }
}

TEST(VideoSampler, ShardsAreDisjointOfOneSizeAndOfDifferentSegments) {
  for (const bool drop_last : {false, true}) {
    Indices seen;
    std::multiset<std::int64_t> segments;
    for (std::int64_t shard = 0; shard < 4; ++shard) {
      const VideoSampler sampler(
          even_segments(5, 3, 7),
          {.shards = {.shard = shard, .num_shards = 4, .drop_last = drop_last}});
      const Indices order = sampler.order({.seed = 9, .epoch = 3});
      EXPECT_EQ(static_cast<std::int64_t>(order.size()), sampler.size());
      EXPECT_EQ(sampler.size(), drop_last ? 26 : 27);
      seen.insert(seen.end(), order.begin(), order.end());
      std::set<std::int64_t> of_shard;
      for (const std::int64_t index : order) {
        of_shard.insert(index / 7);
      }
      segments.insert(of_shard.begin(), of_shard.end());
    }
    const Indices all = sorted(seen);
    const std::set<std::int64_t> different(all.begin(), all.end());
    EXPECT_EQ(different.size(), drop_last ? 104U : 105U);
    // Only those at the cuts are in two shards.
    EXPECT_LE(segments.size(), 19U);
  }
  // And the general sampler of shards takes it too.
  const auto all = std::make_shared<const VideoSampler>(even_segments(2, 2, 5));
  Indices both = ShardSampler(all, {.shard = 0, .num_shards = 2}).order({});
  const Indices second = ShardSampler(all, {.shard = 1, .num_shards = 2}).order({});
  both.insert(both.end(), second.begin(), second.end());
  EXPECT_EQ(sorted(both), counting(20));
}

TEST(VideoSampler, ShardsOfMoreThanThereIsBeginAgain) {
  const VideoSampler sampler({{.begin = 0, .end = 2}}, {.shards = {.shard = 4, .num_shards = 5}});
  EXPECT_EQ(sampler.order({}).size(), 1U);
}

// The figures of the documentation: 40 videos of 10 segments of 30 frames, batches of 256.
TEST(VideoSampler, BatchesHaveFramesOfManySegmentsAndVideos) {
  const VideoSampler sampler(even_segments(40, 10, 30));
  const Indices order = sampler.order({.seed = 1});
  EXPECT_LT(std::abs(rank_correlation(order)), 0.1);
  std::size_t fewest_segments = 256;
  std::size_t fewest_videos = 256;
  // The last batches are left with the last segments.
  for (std::size_t begin = 0; begin + 1024 <= order.size(); begin += 256) {
    std::set<std::int64_t> segments;
    std::set<std::int64_t> videos;
    for (std::size_t i = begin; i < begin + 256; ++i) {
      segments.insert(order[i] / 30);
      videos.insert(order[i] / 300);
    }
    fewest_segments = std::min(fewest_segments, segments.size());
    fewest_videos = std::min(fewest_videos, videos.size());
  }
  EXPECT_GE(fewest_segments, 24U);
  EXPECT_GE(fewest_videos, 12U);
  // Frames that follow each other in a video are mostly not neighbours in the order.
  std::int64_t neighbours = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    neighbours += order[i] == order[i - 1] + 1 ? 1 : 0;
  }
  EXPECT_LT(neighbours, 12000 / 100);
}

TEST(VideoSampler, RejectsWhatCannotBeDrawnFrom) {
  EXPECT_THAT(error_text([] { VideoSampler(std::vector<VideoSegment>()); }),
              HasSubstr("segments must have at least one frame"));
  EXPECT_EQ(error_text([] { VideoSampler(std::shared_ptr<const VideoDataset>()); }),
            "VideoSampler: videos must not be null");
  const auto text = [](const VideoSamplerOptions& options) {
    return error_text([&] { VideoSampler(even_segments(1, 1, 3), options); });
  };
  EXPECT_EQ(text({.num_open = 0}), "VideoSampler: num_open must be >= 1, got 0");
  EXPECT_EQ(text({.buffer_frames = 0}), "VideoSampler: buffer_frames must be >= 1, got 0");
  EXPECT_THAT(text({.shards = {.shard = 2, .num_shards = 2}}),
              HasSubstr("shard must be in [0, 2)"));
  EXPECT_THAT(text({.shards = {.num_shards = 4, .drop_last = true}}),
              HasSubstr("no frame would be left for each of 4 shards of 3 frames"));
}

TEST(VideoSampler, StaysWithinWhatTheDataSetCanHold) {
  const VideoFolder folder;
  for (int i = 0; i < 4; ++i) {
    folder.add_video(std::to_string(i) + ".mp4", VideoFolder::kManyKeys);
  }
  const auto run_of = [&](const VideoDatasetOptions& options) {
    const VideoSampler sampler(std::make_shared<const VideoDataset>(folder.path(), options),
                               {.num_open = 4});
    return std::pair(sampler.num_open(), sampler.run_frames());
  };
  constexpr std::int64_t kFrame = 3 * 128 * 128;
  EXPECT_EQ(run_of({}), std::pair(std::int64_t{4}, std::int64_t{32}));
  EXPECT_EQ(run_of({.max_open = 4}), std::pair(std::int64_t{3}, std::int64_t{32}));
  EXPECT_EQ(run_of({.max_open = 1}), std::pair(std::int64_t{1}, std::int64_t{32}));
  EXPECT_EQ(run_of({.keep_passed = 9}), std::pair(std::int64_t{4}, std::int64_t{4}));
  EXPECT_EQ(run_of({.max_cache_bytes = 40 * kFrame}), std::pair(std::int64_t{4}, std::int64_t{10}));
  EXPECT_EQ(run_of({.max_cache_bytes = 40 * kFrame, .pair_max_frames = 3}),
            std::pair(std::int64_t{1}, std::int64_t{17}));
  EXPECT_EQ(run_of({.max_cache_bytes = 100 * kFrame, .pair_max_frames = 3}),
            std::pair(std::int64_t{4}, std::int64_t{9}));
  EXPECT_EQ(run_of({.max_cache_bytes = 10 * kFrame, .pair_max_frames = 300}),
            std::pair(std::int64_t{1}, std::int64_t{1}));
  EXPECT_EQ(run_of({.max_cache_bytes = 0}), std::pair(std::int64_t{4}, std::int64_t{1}));
}

TEST(VideoSampler, WithPairsShortSegmentsOfAVideoAreOne) {
  const VideoFolder folder;
  for (int i = 0; i < 4; ++i) {
    folder.add_video(std::to_string(i) + ".mp4", VideoFolder::kManyKeys);
  }
  // Segments of two frames, and ten frames a video.
  for (const std::int64_t pairs : {0, 1}) {
    const auto videos = std::make_shared<const VideoDataset>(
        folder.path(), VideoDatasetOptions{.pair_max_frames = pairs});
    const Indices order = VideoSampler(videos, {.num_open = 1}).order({.seed = 2});
    EXPECT_EQ(sorted(order), counting(40));
    std::set<std::int64_t> first;
    for (std::size_t i = 0; i < 10; ++i) {
      first.insert(order[i] / 10);
    }
    EXPECT_EQ(first.size() == 1, pairs > 0) << "pairs of " << pairs;
  }
}

const BaseCollateFunction& small_views() {
  static const BaseCollateFunction collate = transforms::SimCLRTransform({.input_size = 16});
  return collate;
}

std::vector<Batch> epoch_of(DataLoader& loader, std::int64_t epoch, std::int64_t first_batch = 0) {
  std::vector<Batch> batches;
  for (const Batch& batch : loader.epoch(epoch, {.first_batch = first_batch})) {
    batches.push_back(batch);
  }
  return batches;
}

void expect_same(const std::vector<Batch>& actual, const std::vector<Batch>& expected,
                 std::size_t first) {
  ASSERT_EQ(actual.size(), expected.size() - first);
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const Batch& other = expected[first + i];
    ASSERT_EQ(actual[i].file_names, other.file_names);
    for (std::size_t v = 0; v < other.views.size(); ++v) {
      ASSERT_TRUE(tensors_equal(actual[i].views[v], other.views[v])) << i << " view " << v;
    }
  }
}

// The whole way: batches are bit for bit the same for any number of workers, from any batch on,
// with and without pairs, and few frames are decoded in vain.
void check_epochs(const std::filesystem::path& folder, VideoDatasetOptions options,
                  double least_used) {
  const auto loader_of = [&](const std::shared_ptr<const VideoDataset>& videos,
                             std::int64_t workers) {
    return DataLoader(videos, small_views(),
                      {.batch_size = 32,
                       .num_workers = workers,
                       .seed = 2,
                       .sampler = std::make_shared<VideoSampler>(videos)});
  };
  for (const std::int64_t pairs : {0, 5}) {
    options.pair_max_frames = pairs;
    const auto alone = std::make_shared<const VideoDataset>(folder, options);
    DataLoader reference = loader_of(alone, 0);
    const std::vector<Batch> first = epoch_of(reference, 0);
    const std::vector<Batch> second = epoch_of(reference, 1);
    for (const std::int64_t workers : {0, 1, 2, 5}) {
      const auto videos = std::make_shared<const VideoDataset>(folder, options);
      DataLoader loader = loader_of(videos, workers);
      expect_same(epoch_of(loader, 0), first, 0);
      const VideoDatasetStatistics statistics = videos->statistics();
      const double used =
          static_cast<double>(videos->size()) / static_cast<double>(statistics.frames_decoded);
      EXPECT_GE(used, least_used) << workers << " workers, pairs " << pairs;
      ::testing::Test::RecordProperty(
          "used_" + std::to_string(workers) + "_pairs_" + std::to_string(pairs),
          std::to_string(used));
      expect_same(epoch_of(loader, 1, 2), second, 2);
    }
  }
}

TEST(VideoSampler, EpochsAreTheSameForAnyWorkersAndDecodeLittleInVain) {
  const VideoFolder folder;
  for (int i = 0; i < 12; ++i) {
    folder.add_video(std::to_string(i) + ".mp4",
                     i % 2 == 0 ? VideoFolder::kFewKeys : VideoFolder::kManyKeys);
  }
  // Segments of two frames: a nearby frame is mostly of another one.
  check_epochs(folder.path(), {}, 0.8);
  constexpr std::int64_t kFrame = 3 * 128 * 128;
  check_epochs(folder.path(), {.max_open = 4, .max_cache_bytes = 60 * kFrame}, 0.7);
}

TEST(VideoSampler, RealClipsDecodeLittleInVain) {
  if (large_test_data().empty()) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA is not set";
  }
  check_epochs(large_test_data() / "video" / "mmaction2", {.reader = {.height = 90, .width = 120}},
               0.8);
}

}  // namespace
}  // namespace lightly::data
