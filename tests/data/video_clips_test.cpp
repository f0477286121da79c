#include "lightly/data/video_clips.hpp"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "data/video_folder.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::Pair;

// 25 frames at 25 a second, then 10 frames.
struct ClipFolder : VideoFolder {
  ClipFolder() {
    add_video("a.mp4", kFewKeys);
    add_video("b.mp4", kManyKeys);
  }
};

TEST(VideoClips, AreTheFramesTheySayTheyAre) {
  const ClipFolder folder;
  const auto videos = std::make_shared<const VideoDataset>(folder.path());
  const VideoClips clips(videos, {.clip_length = 4, .stride = 3, .frames_between_clips = 5});
  // A clip spans 10 frames: it begins at 0, 5, 10 and 15, and at 0.
  ASSERT_EQ(clips.size(), 5);
  EXPECT_THAT(clips.clips_by_video(), ElementsAre(Pair(0, 4), Pair(4, 5)));
  const at::Tensor a = frames_of(folder / "a.mp4");
  for (std::int64_t i = 0; i < 4; ++i) {
    const VideoClip clip = clips.get(i);
    EXPECT_EQ(clip.video, 0);
    EXPECT_EQ(clip.first_frame, 5 * i);
    EXPECT_NEAR(clip.seconds, 0.2 * static_cast<double>(i), 1e-9);
    EXPECT_TRUE(tensors_equal(clip.frames, a.slice(0, 5 * i, 5 * i + 10, 3)));
  }
  const VideoClip last = clips.get(4);
  EXPECT_EQ(last.video, 1);
  EXPECT_TRUE(tensors_equal(last.frames, frames_of(folder / "b.mp4").slice(0, 0, 10, 3)));
  EXPECT_EQ(error_text([&] { clips.get(5); }), "VideoClips: index must be in [0, 5), got 5");
}

// torchvision: unfold gives floor((n - size) / step) + 1 clips.
TEST(VideoClips, CountAsInTorchvision) {
  const ClipFolder folder;
  const auto videos = std::make_shared<const VideoDataset>(folder.path());
  EXPECT_EQ(VideoClips(videos).size(), 10);
  EXPECT_EQ(VideoClips(videos, {.clip_length = 25}).size(), 1);
  EXPECT_EQ(VideoClips(videos, {.clip_length = 26}).size(), 0);
  EXPECT_EQ(VideoClips(videos, {.clip_length = 1, .stride = 1 << 20}).size(), 35);
  EXPECT_EQ(VideoClips(videos, {.clip_length = 2, .frames_between_clips = 2}).size(), 17);
}

TEST(VideoClips, OfASelectionVideosCountWhole) {
  const ClipFolder folder;
  const auto videos = std::make_shared<const VideoDataset>(
      folder.path(), VideoDatasetOptions{.filenames = std::vector<std::string>{"b-03-mp4.png"}});
  const VideoClips clips(videos, {.clip_length = 10});
  EXPECT_THAT(clips.clips_by_video(), ElementsAre(Pair(0, 0), Pair(0, 1)));
  EXPECT_TRUE(tensors_equal(clips.get(0).frames, frames_of(folder / "b.mp4")));
}

// Clips that overlap, one after the other: what they share is decoded once.
TEST(VideoClips, InSequenceDecodeFramesOnce) {
  const ClipFolder folder;
  const auto videos = std::make_shared<const VideoDataset>(folder.path());
  const VideoClips clips(videos, {.clip_length = 8, .stride = 2});
  for (std::int64_t i = 0; i < clips.size(); ++i) {
    clips.get(i);
  }
  EXPECT_LE(videos->statistics().frames_decoded, 25 + 5);
}

TEST(VideoClips, RejectsOptionsOutOfRange) {
  const auto text = [](const VideoClipsOptions& options) {
    return error_text([&] { VideoClips(nullptr, options); });
  };
  EXPECT_EQ(text({}), "VideoClips: videos must not be null");
  EXPECT_EQ(text({.clip_length = 0}), "VideoClips: clip_length must be >= 1, got 0");
  EXPECT_EQ(text({.stride = 0}), "VideoClips: stride must be >= 1, got 0");
  EXPECT_EQ(text({.frames_between_clips = 0}),
            "VideoClips: frames_between_clips must be >= 1, got 0");
  EXPECT_EQ(text({.stride = INT64_MAX}).substr(0, 50),
            "VideoClips: clip_length and stride must be at most");
}

}  // namespace
}  // namespace lightly::data
