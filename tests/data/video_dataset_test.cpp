#include "lightly/data/video_dataset.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "data/video_folder.hpp"
#include "lightly/core/random.hpp"
#include "lightly/media/video_reader.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::large_test_data;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Names = std::vector<std::string>;

constexpr const char* kManyKeys = VideoFolder::kManyKeys;
constexpr const char* kFewKeys = VideoFolder::kFewKeys;
// For the demuxer, and for reading packets from their place.
constexpr std::int64_t kFilesOfReader = 2;

std::string error_of(const VideoFolder& folder, const VideoDatasetOptions& options = {}) {
  return error_text([&] { VideoDataset(folder.path(), options); });
}

TEST(VideoDataset, NamesTargetsAndFramesAreThoseOfTheVideos) {
  const VideoFolder folder;
  folder.add_video("b/x/y.mp4", kManyKeys);
  folder.add_video("a.b.MOV", kFewKeys);
  folder.add_video("b-c.avi", kManyKeys);
  folder.add("b/notes.txt");
  folder.add_image("b/1.png", 1);
  const VideoDataset dataset(folder.path());
  ASSERT_EQ(dataset.size(), 45);
  ASSERT_THAT(dataset.videos(), SizeIs(3));
  // Bytewise: '-' stands before '/'.
  EXPECT_EQ(dataset.videos()[1].name, "b-c.avi");
  EXPECT_EQ(dataset.file_name(0), "a.b-00-MOV.png");
  EXPECT_EQ(dataset.file_name(24), "a.b-24-MOV.png");
  EXPECT_EQ(dataset.file_name(25), "b-c-00-avi.png");
  EXPECT_EQ(dataset.file_name(44), "b/x/y-09-mp4.png");
  const at::Tensor few = frames_of(clip_path(kFewKeys));
  const at::Tensor many = frames_of(clip_path(kManyKeys));
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const Sample sample = dataset.get(i);
    EXPECT_EQ(sample.file_name, dataset.file_name(i));
    EXPECT_EQ(sample.index, i);
    EXPECT_EQ(sample.target, i < 25 ? 0 : i < 35 ? 1 : 2);
    EXPECT_EQ(dataset.video(i), sample.target);
    EXPECT_EQ(dataset.frame(i), i < 25 ? i : (i - 25) % 10);
    EXPECT_FALSE(sample.draw_image);
    ASSERT_TRUE(tensors_equal(sample.image, i < 25 ? few[i] : many[(i - 25) % 10])) << i;
  }
  EXPECT_NEAR(dataset.seconds(24), 24 * 0.04, 1e-9);
  EXPECT_NEAR(dataset.videos()[0].index->fps(), 25.0, 1e-9);
  EXPECT_EQ(dataset.max_frame_bytes(), 3 * 128 * 128);
  EXPECT_THAT(dataset.skipped(), IsEmpty());
  EXPECT_EQ(error_text([&] { dataset.get(45); }), "VideoDataset: index must be in [0, 45), got 45");
  EXPECT_EQ(error_text([&] { dataset.file_name(-1); }),
            "VideoDataset: index must be in [0, 45), got -1");
}

TEST(VideoDataset, IndexOfTakesExactlyItsNames) {
  const VideoFolder folder;
  // Stems that look like the names of frames, and what else a name may hold.
  const Names videos{".mp4",           "a-00-mp4.png.mp4", "a-1.mp4",
                     "a.mp4",          "a\nb.avi",         "d-1/-2-.MP4",
                     "s p\"%00\\.mov", "\xff\xfe.webm",    "ü/\xe2\x82.m4v"};
  for (const std::string& name : videos) {
    folder.add_video(name, kManyKeys);
  }
  const VideoDataset dataset(folder.path());
  ASSERT_EQ(dataset.size(), 10 * static_cast<std::int64_t>(videos.size()));
  Names names = names_of(dataset);
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    EXPECT_EQ(dataset.index_of(names[static_cast<std::size_t>(i)]), i);
    EXPECT_EQ(dataset.index_of(dataset.video(i), dataset.frame(i)), i);
  }
  EXPECT_EQ(dataset.index_of(0, 10), std::nullopt);
  EXPECT_EQ(dataset.index_of(0, -1), std::nullopt);
  EXPECT_EQ(dataset.index_of(-1, 0), std::nullopt);
  EXPECT_EQ(dataset.index_of(static_cast<std::int64_t>(videos.size()), 0), std::nullopt);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  EXPECT_EQ(dataset.file_name(0), "-00-mp4.png");
  EXPECT_EQ(dataset.index_of("d-1/-2--03-MP4.png"), 53);
  for (const std::string wrong : {"",
                                  ".png",
                                  "-.png",
                                  "--.png",
                                  "---.png",
                                  "a-mp4.png",
                                  "a-0-mp4.png",
                                  "a-000-mp4.png",
                                  "a-10-mp4.png",
                                  "a--1-mp4.png",
                                  "a-+1-mp4.png",
                                  "a- 1-mp4.png",
                                  "a-1x-mp4.png",
                                  "a-01-MP4.png",
                                  "a-01-mp4.jpg",
                                  "a-01-mp4.png ",
                                  "./a-01-mp4.png",
                                  "b-01-mp4.png",
                                  "a-99999999999999999999-mp4.png",
                                  "a-01-.png"}) {
    EXPECT_EQ(dataset.index_of(wrong), std::nullopt) << wrong;
  }
}

TEST(VideoDataset, SegmentsBeginWhereDecodingCan) {
  const VideoFolder folder;
  folder.add_video("a.mp4", kFewKeys);
  folder.add_video("b.mp4", kManyKeys);
  const auto begins = [](const VideoDataset& dataset) {
    std::vector<std::int64_t> indices;
    std::int64_t end = 0;
    for (const VideoSegment& segment : dataset.segments()) {
      EXPECT_EQ(segment.begin, end);
      EXPECT_EQ(segment.video, dataset.video(segment.begin));
      end = segment.end;
      indices.push_back(segment.begin);
    }
    EXPECT_EQ(end, dataset.size());
    return indices;
  };
  const VideoDataset dataset(folder.path());
  const std::vector<std::int64_t> of_all = begins(dataset);
  for (const std::int64_t begin : of_all) {
    const auto frame = static_cast<std::size_t>(dataset.frame(begin));
    const media::VideoIndex& index =
        *dataset.videos()[static_cast<std::size_t>(dataset.video(begin))].index;
    EXPECT_TRUE(frame == 0 ||
                index.frames[frame].start_packet != index.frames[frame - 1].start_packet);
  }
  EXPECT_GE(of_all.size(), 6U);
  const VideoDataset some(folder.path(), {.filenames = Names{"b-01-mp4.png", "b-00-mp4.png",
                                                             "a-03-mp4.png", "b-09-mp4.png"}});
  EXPECT_THAT(begins(some), ElementsAre(0, 1, 3));
}

TEST(VideoDataset, FilenamesSelectFramesAndKeepTargets) {
  const VideoFolder folder;
  folder.add_video("a.mp4", kManyKeys);
  folder.add("b.mp4", "not a video, and not read");
  folder.add_video("c.mp4", kFewKeys);
  const VideoDataset dataset(folder.path(), {.filenames = Names{"c-20-mp4.png", "a-07-mp4.png",
                                                                "c-03-mp4.png", "a-07-mp4.png"}});
  EXPECT_THAT(names_of(dataset), ElementsAre("a-07-mp4.png", "c-03-mp4.png", "c-20-mp4.png"));
  EXPECT_EQ(dataset.video(2), 2);
  EXPECT_EQ(dataset.frame(2), 20);
  EXPECT_EQ(dataset.get(0).target, 0);
  EXPECT_TRUE(tensors_equal(dataset.get(2).image, frames_of(clip_path(kFewKeys))[20]));
  EXPECT_EQ(dataset.index_of("c-03-mp4.png"), 1);
  EXPECT_EQ(dataset.index_of("c-04-mp4.png"), std::nullopt);
  EXPECT_EQ(dataset.index_of(2, 3), 1);
  EXPECT_EQ(dataset.index_of(2, 4), std::nullopt);
  EXPECT_EQ(dataset.index_of(1, 3), std::nullopt);
  ASSERT_THAT(dataset.videos(), SizeIs(3));
  EXPECT_EQ(dataset.videos()[1].index, nullptr);
  EXPECT_EQ(error_of(folder, {.filenames = Names{"a-07-mp4.png", "a-10-mp4.png", "../x"}}),
            "VideoDataset: filenames must be in " + folder.path().string() +
                ", got 2 that are not: a-10-mp4.png, ../x");
  EXPECT_THAT(error_of(folder, {.filenames = Names{}}),
              HasSubstr("filenames must name at least one frame, got none"));
}

TEST(VideoDataset, TakesTheVideosThatAreNamed) {
  const VideoFolder folder;
  folder.add_video("a.mp4", kManyKeys);
  folder.add_video("b/c.MP4", kManyKeys);
  folder.add("b/broken.mp4");
  const VideoDataset dataset(folder.path(), {.videos = Names{"b/c.MP4", "a.mp4", "b/c.MP4"}});
  ASSERT_EQ(dataset.size(), 20);
  EXPECT_EQ(dataset.file_name(10), "b/c-00-MP4.png");
  EXPECT_THAT(error_of(folder, {.videos = Names{"a.mp4", "gone.mp4"}}),
              StartsWith("VideoIndex: cannot open " + (folder / "gone.mp4").string()));
  EXPECT_EQ(error_of(folder, {.videos = Names{}}),
            "VideoDataset: videos must name at least one video, got none");
  for (const std::string wrong : {"../a.mp4", "/a.mp4", "b//c.MP4", "a.txt", "a", ""}) {
    EXPECT_THAT(
        error_of(folder, {.extensions = {".mp4", ".avi"}, .videos = Names{wrong}}),
        StartsWith("VideoDataset: videos must be relative paths in the folder that end with "
                   ".mp4,.avi, got " +
                   wrong))
        << wrong;
  }
}

TEST(VideoDataset, BadVideosAreRefusedByNameOrSkipped) {
  const VideoFolder folder;
  folder.add_video("a.mp4", kManyKeys);
  folder.add("b/empty.mp4");
  folder.add("c.mp4", "this is text");
  folder.add_video("d.mp4", kFewKeys);
  for (const std::int64_t threads : {1, 4}) {
    EXPECT_THAT(error_of(folder, {.num_threads = threads}), HasSubstr("b/empty.mp4"));
    const VideoDataset dataset(folder.path(),
                               {.bad_videos = BadVideos::kSkip, .num_threads = threads});
    EXPECT_EQ(dataset.size(), 35);
    EXPECT_EQ(dataset.video(34), 1);
    ASSERT_THAT(dataset.skipped(), SizeIs(2));
    EXPECT_EQ(dataset.skipped()[0].name, "b/empty.mp4");
    EXPECT_THAT(dataset.skipped()[0].reason, HasSubstr("b/empty.mp4"));
    EXPECT_EQ(dataset.skipped()[1].name, "c.mp4");
  }
  const VideoDataset some(folder.path(), {.filenames = Names{"c-1-mp4.png", "d-01-mp4.png"},
                                          .bad_videos = BadVideos::kSkip});
  EXPECT_THAT(names_of(some), ElementsAre("d-01-mp4.png"));
  std::filesystem::remove(folder / "a.mp4");
  std::filesystem::remove(folder / "d.mp4");
  EXPECT_THAT(error_of(folder, {.bad_videos = BadVideos::kSkip}),
              StartsWith("VideoDataset: no video in " + folder.path().string() +
                         " can be used, the first one: "));
}

TEST(VideoDataset, SaysWhatIsWrongWithTheFolderAndTheOptions) {
  const VideoFolder folder;
  folder.add_image("1.png", 1);
  EXPECT_EQ(error_of(folder), "VideoDataset: found 0 videos in folder " + folder.path().string() +
                                  "; supported extensions are "
                                  ".mp4,.mov,.avi,.mpg,.hevc,.m4v,.webm,.mpeg");
  EXPECT_EQ(error_text([&] { VideoDataset(folder / "none"); }),
            "VideoDataset: the folder " + (folder / "none").string() + " does not exist");
  EXPECT_THAT(error_text([&] { VideoDataset(folder / "1.png"); }),
              HasSubstr("VideoDataset: cannot open "));
  for (const Names& extensions : {Names{}, Names{""}, Names{"."}, Names{"mp4"}, Names{".m-p"},
                                  Names{".m/p"}, Names{".mp."}}) {
    EXPECT_THAT(error_of(folder, {.extensions = extensions}),
                HasSubstr("extensions must be at least one ending such as .mp4"));
  }
  EXPECT_EQ(error_of(folder, {.max_open = 0}), "VideoDataset: max_open must be >= 1, got 0");
  EXPECT_EQ(error_of(folder, {.keep_passed = -1}),
            "VideoDataset: keep_passed must be >= 0, got -1");
  EXPECT_EQ(error_of(folder, {.reader = {.num_threads = 0}}).substr(0, 12), "VideoReader:");
  folder.add_video("1.mkv", kManyKeys);
  EXPECT_EQ(VideoDataset(folder.path(), {.extensions = {".MKV"}}).file_name(3), "1-03-mkv.png");
}

TEST(VideoDataset, IndexesWithProgressThatMayEndIt) {
  const VideoFolder folder;
  for (char letter = 'a'; letter < 'h'; ++letter) {
    folder.add_video(std::string(1, letter) + ".mp4", kManyKeys);
  }
  for (const std::int64_t threads : {1, 3}) {
    std::vector<std::int64_t> calls;
    const VideoDataset dataset(folder.path(),
                               {.num_threads = threads, .progress = [&](auto done, auto total) {
                                  EXPECT_EQ(total, 7);
                                  calls.push_back(done);
                                }});
    EXPECT_THAT(calls, ElementsAre(1, 2, 3, 4, 5, 6, 7));
    EXPECT_EQ(
        error_of(folder, {.num_threads = threads,
                          .progress = [](auto, auto) { throw std::runtime_error("enough"); }}),
        "enough");
  }
}

TEST(VideoDataset, AFileThatGoesOrChangesIsAnErrorWithItsName) {
  const VideoFolder folder;
  folder.add_video("a.mp4", kManyKeys);
  folder.add_video("b.mp4", kManyKeys);
  folder.add_video("c.mp4", kManyKeys);
  const VideoDataset dataset(folder.path());
  std::filesystem::remove(folder / "a.mp4");
  std::ofstream(folder / "b.mp4", std::ios::app) << "more";
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(error_text([&] { dataset.get(i); }), HasSubstr((folder / "a.mp4").string()));
    EXPECT_THAT(error_text([&] { dataset.get(10 + i); }),
                HasSubstr("b.mp4: the file has changed since it was indexed"));
    EXPECT_EQ(dataset.get(20 + i).target, 2);
  }
  EXPECT_EQ(dataset.statistics().open, 1);
  EXPECT_LE(folder.count_open(), kFilesOfReader);
}

TEST(VideoDataset, ASizeThatCannotBeIsAnErrorEachTime) {
  const VideoFolder folder;
  folder.add_video("a.mp4", "nasa_13013_rotated.mp4");
  const VideoDataset dataset(folder.path(), {.reader = {.shorter_side = 32000}});
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(error_text([&] { dataset.get(0); }), HasSubstr("56888 x 32000"));
  }
}

TEST(VideoDataset, FramesInSequenceAreDecodedOnceByAnyNumberOfThreads) {
  const VideoFolder folder;
  folder.add_video("a.mp4", kFewKeys);
  folder.add_video("b.mp4", kManyKeys);
  for (const int threads : {1, 3}) {
    const VideoDataset dataset(folder.path());
    std::atomic<std::int64_t> next = 0;
    {
      std::vector<std::jthread> workers;
      for (int t = 0; t < threads; ++t) {
        workers.emplace_back([&] {
          for (std::int64_t i = next++; i < dataset.size(); i = next++) {
            dataset.get(i);
          }
        });
      }
    }
    const VideoDatasetStatistics statistics = dataset.statistics();
    EXPECT_EQ(statistics.frames_given, 35);
    // Where a thread begins a segment, a picture shown before its key may come out too.
    const auto segments = static_cast<std::int64_t>(dataset.segments().size());
    EXPECT_LE(statistics.frames_decoded, 35 + segments) << threads;
    EXPECT_LE(statistics.opened, 2 * threads);
  }
}

TEST(VideoDataset, KeepsWithinItsBoundsWhateverTheyAre) {
  const VideoFolder folder;
  folder.add_video("a.mp4", kFewKeys);
  folder.add_video("b.mp4", kManyKeys);
  const at::Tensor a = frames_of(folder / "a.mp4");
  const at::Tensor b = frames_of(folder / "b.mp4");
  constexpr std::int64_t kFrame = 3 * 64 * 64;
  struct Bounds {
    std::int64_t max_open;
    std::int64_t max_cache_bytes;
    std::int64_t keep_passed;
  };
  for (const Bounds& bounds :
       {Bounds{1, 0, 64}, Bounds{1, 3 * kFrame, 2}, Bounds{2, 21 * kFrame, 64},
        Bounds{3, 1 << 30, 0}, Bounds{32, 1 << 30, 64}}) {
    VideoDatasetOptions options;
    options.max_open = bounds.max_open;
    options.max_cache_bytes = bounds.max_cache_bytes;
    options.keep_passed = bounds.keep_passed;
    const VideoDataset dataset(folder.path(), options);
    std::vector<std::jthread> workers;
    for (std::uint64_t t = 0; t < 3; ++t) {
      workers.emplace_back([&, t] {
        core::Random random(t);
        for (int k = 0; k < 60; ++k) {
          const auto i = static_cast<std::int64_t>(random.below(35));
          EXPECT_TRUE(tensors_equal(dataset.get(i).image, i < 25 ? a[i] : b[i - 25]));
          const VideoDatasetStatistics now = dataset.statistics();
          EXPECT_LE(now.cached_bytes, options.max_cache_bytes);
          EXPECT_LE(now.open, options.max_open);
        }
      });
    }
    workers.clear();
    EXPECT_LE(folder.count_open(), kFilesOfReader * options.max_open);
    EXPECT_EQ(dataset.statistics().frames_given, 180);
  }
}

TEST(VideoDataset, OfFiveHundredVideosFewAreOpen) {
  const VideoFolder folder;
  for (int i = 0; i < 500; ++i) {
    folder.add_video(std::to_string(i % 7) + "/" + std::to_string(1000 + i) + ".mp4", kManyKeys);
  }
  const at::Tensor frames = frames_of(clip_path(kManyKeys));
  const VideoDataset dataset(folder.path(), {.max_open = 5});
  ASSERT_EQ(dataset.size(), 5000);
  EXPECT_EQ(folder.count_open(), 0);
  std::vector<std::jthread> workers;
  for (std::uint64_t t = 0; t < 3; ++t) {
    workers.emplace_back([&, t] {
      core::Random random(t);
      for (int k = 0; k < 150; ++k) {
        const auto i = static_cast<std::int64_t>(random.below(5000));
        EXPECT_TRUE(tensors_equal(dataset.get(i).image, frames[i % 10]));
        if (k % 10 == 0) {
          EXPECT_LE(folder.count_open(), 5 * kFilesOfReader);
        }
      }
    });
  }
  workers.clear();
  EXPECT_LE(dataset.statistics().open, 5);
}

TEST(VideoDataset, FramesOfAVideoInAnyOrder) {
  const VideoFolder folder;
  folder.add_video("a.mp4", kFewKeys);
  const VideoDataset dataset(folder.path());
  const std::vector<std::int64_t> wanted{20, 3, 3, 0, 24};
  const at::Tensor frames = dataset.frames(0, wanted);
  EXPECT_TRUE(frames.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(tensors_equal(frames, frames_of(folder / "a.mp4").index({torch::tensor(wanted)})));
  const std::vector<std::int64_t> beyond{3, 25};
  EXPECT_EQ(error_text([&] { dataset.frames(0, beyond); }),
            "VideoDataset: frames of a.mp4 must be in [0, 25), got 25");
  EXPECT_EQ(error_text([&] { dataset.frames(1, wanted); }),
            "VideoDataset: video must be in [0, 1), got 1");
  EXPECT_THAT(error_text([&] { dataset.frames(0, {}); }), HasSubstr("must name at least one"));
}

TEST(VideoDataset, RealClipsAreExactInAnyOrder) {
  if (large_test_data().empty()) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA is not set";
  }
  const VideoDataset dataset(large_test_data() / "video" / "mmaction2",
                             {.reader = {.height = 64, .width = 64}});
  core::Random random(3);
  for (std::int64_t v = 0; v < static_cast<std::int64_t>(dataset.videos().size()); ++v) {
    media::VideoReader reader(dataset.root() / dataset.videos()[static_cast<std::size_t>(v)].name,
                              dataset.options().reader);
    const at::Tensor frames = reader.frames(0, reader.size());
    for (int k = 0; k < 20; ++k) {
      const auto i =
          static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(reader.size())));
      ASSERT_TRUE(tensors_equal(dataset.frames(v, std::span(&i, 1))[0], frames[i]))
          << dataset.videos()[static_cast<std::size_t>(v)].name << " " << i;
    }
  }
}

}  // namespace
}  // namespace lightly::data
