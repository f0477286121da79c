#include "lightly/media/video_reader.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "media/decoder_pool.hpp"
#include "media/plain_video.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::all_frames;
using lightly::testing::clip;
using lightly::testing::clips;
using lightly::testing::decode_plainly;
using lightly::testing::draw;
using lightly::testing::error_text;
using lightly::testing::plain_hashes;
using lightly::testing::reads;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_equal;

TEST(VideoReader, FramesAreChannelsLastImages) {
  VideoReader reader(clip("h265_video.mp4"));
  const at::Tensor frame = reader.frame(3);
  EXPECT_EQ(frame.sizes(), (std::vector<std::int64_t>{3, reader.height(), reader.width()}));
  EXPECT_EQ(frame.scalar_type(), torch::kUInt8);
  EXPECT_TRUE(frame.permute({1, 2, 0}).is_contiguous());
  EXPECT_TRUE(reader.frames(2, 5).permute({0, 2, 3, 1}).is_contiguous());
}

TEST(VideoReader, FramesComeInTheOrderAskedForAndRepeatedly) {
  VideoReader reader(clip("bt601_full_range.mp4"));
  const at::Tensor all = reader.frames(0, reader.size());
  const std::vector<std::int64_t> indices = {40, 3, 40, 59, 0, 3, 41};
  EXPECT_TRUE(tensors_equal(reader.frames(indices), all.index({torch::tensor(indices)})));
  EXPECT_EQ(reader.frames(std::vector<std::int64_t>{}).sizes(),
            (std::vector<std::int64_t>{0, 3, 240, 320}));
  EXPECT_EQ(reader.frames(7, 7).size(0), 0);
}

TEST(VideoReader, ForwardAccessNeverSeeksBack) {
  for (const std::string& name : clips()) {
    VideoReader reader(clip(name));
    for (std::int64_t i = 0; i < reader.size(); ++i) {
      reader.frame(i);
    }
    EXPECT_EQ(reader.statistics().seeks, 1) << name;
    EXPECT_EQ(reader.statistics().frames_given, reader.size()) << name;
  }
}

TEST(VideoReader, FramesOfOneCallAreDecodedOnce) {
  VideoReader reader(clip("bt601_full_range.mp4"));  // one key frame
  std::vector<std::int64_t> indices = draw(reader.size(), 200);
  reader.frames(indices);
  EXPECT_EQ(reader.statistics().seeks, 1);
  EXPECT_LE(reader.statistics().frames_decoded, reader.size());
  EXPECT_EQ(reader.statistics().frames_given, 200);
}

TEST(VideoReader, LeavesOutWhatNoFrameRefersTo) {
  VideoReader reader(clip("bt601_full_range.mp4"));  // 39 of 60 are B-frames
  const at::Tensor expected = decode_plainly(reader.path());
  EXPECT_TRUE(tensors_equal(reader.frame(58), expected[58]));
  EXPECT_LT(reader.statistics().frames_decoded, 45);
}

TEST(VideoReader, DecodersThatAreKeptSpareDecoding) {
  const auto decoded = [](std::int64_t max_decoders, std::int64_t max_bytes) {
    VideoReader reader(clip("av1_video.mkv"),
                       {.max_decoders = max_decoders, .max_decoder_bytes = max_bytes});
    for (const std::int64_t i : draw(reader.size(), 60)) {
      reader.frame(i);
    }
    return static_cast<double>(reader.statistics().frames_decoded);
  };
  constexpr std::int64_t kPlenty = std::int64_t{1} << 30;
  const double one = decoded(1, kPlenty);
  EXPECT_LT(decoded(8, kPlenty), 0.6 * one);
  EXPECT_EQ(decoded(8, 0), one);
}

TEST(VideoReader, RotatesAsTheFileSays) {
  VideoReader stored(clip("nasa_13013_rotated.mp4"), {.rotate = false});
  VideoReader upright(clip("nasa_13013_rotated.mp4"));
  ASSERT_EQ(upright.index().rotation, 270);
  EXPECT_EQ(upright.height(), stored.width());
  EXPECT_EQ(upright.width(), stored.height());
  for (std::int64_t i = 0; i < stored.size(); ++i) {
    const at::Tensor turned = torch::rot90(stored.frame(i), 1, {1, 2});
    EXPECT_TRUE(tensors_equal(upright.frame(i), turned)) << i;
  }
}

TEST(VideoReader, TurnsByEveryQuarter) {
  VideoReader stored(clip("testsrc2_odd_height_and_width_mpeg2.mp4"));
  const at::Tensor expected = stored.frame(4);
  for (const std::int64_t rotation : {0, 90, 180, 270}) {
    VideoIndex index = stored.index();
    index.rotation = rotation;
    VideoReader reader(stored.path(), std::make_shared<const VideoIndex>(index));
    EXPECT_TRUE(tensors_equal(reader.frame(4), torch::rot90(expected, -rotation / 90, {1, 2})))
        << rotation;
    EXPECT_EQ(reader.height(), rotation % 180 == 0 ? 81 : 121);
  }
}

TEST(VideoReader, ResizesWhileConverting) {
  VideoReader reader(clip("nasa_13013_rotated.mp4"), {.height = 48, .width = 100});
  EXPECT_EQ(reader.height(), 100);
  EXPECT_EQ(reader.width(), 48);
  VideoReader whole(clip("nasa_13013_rotated.mp4"));
  const at::Tensor small = reader.frame(5);
  ASSERT_EQ(small.sizes(), (std::vector<std::int64_t>{3, 100, 48}));
  // The mean over 4.8 x 5.6 pixels is near that of a bilinear filter.
  const at::Tensor pooled =
      at::adaptive_avg_pool2d(whole.frame(5).to(torch::kFloat32).contiguous(), {100, 48});
  EXPECT_LT((small.to(torch::kFloat32) - pooled).abs().mean().item<double>(), 4.0);
}

TEST(VideoReader, TheShorterSideKeepsTheShapeAsTorchvisionHasIt) {
  // 480 x 270, to be turned.
  const VideoReader small(clip("nasa_13013_rotated.mp4"), {.shorter_side = 100});
  EXPECT_EQ(small.height(), 177);  // int(100 * 480 / 270)
  EXPECT_EQ(small.width(), 100);
  VideoReader same(clip("nasa_13013_rotated.mp4"), {.shorter_side = 270});
  VideoReader plain(clip("nasa_13013_rotated.mp4"));
  EXPECT_TRUE(tensors_equal(same.frame(3), plain.frame(3)));
  EXPECT_EQ(
      error_text([] { VideoReader(clip("nasa_13013_rotated.mp4"), {.shorter_side = 32000}); }),
      "VideoReader: shorter_side makes frames of 56888 x 32000 (width x height), but a side "
      "has at most 32768 pixels");
}

TEST(VideoReader, FrameAtSecondsIsTheOneShown) {
  VideoReader reader(clip("test_non_zero_start.mp4"));
  const at::Tensor all = reader.frames(0, reader.size());
  for (std::int64_t i = 0; i < reader.size(); ++i) {
    EXPECT_TRUE(tensors_equal(reader.frame_at_seconds(reader.index().seconds(i)), all[i])) << i;
    EXPECT_TRUE(tensors_equal(reader.frame_at_seconds(reader.index().seconds(i) + 0.02), all[i]))
        << i;
  }
  EXPECT_THROW(reader.frame_at_seconds(-0.01), c10::IndexError);
  EXPECT_THROW(reader.frame_at_seconds(reader.duration_seconds()), c10::IndexError);
}

TEST(VideoReader, SaysWhatTheVideoIs) {
  const VideoReader reader(clip("bt601_full_range.mp4"));
  EXPECT_EQ(reader.size(), 60);
  EXPECT_EQ(reader.height(), 240);
  EXPECT_EQ(reader.width(), 320);
  EXPECT_NEAR(reader.fps(), 30.0, 1e-9);
  EXPECT_NEAR(reader.duration_seconds(), 2.0, 1e-9);
  EXPECT_EQ(reader.path(), clip("bt601_full_range.mp4"));
  EXPECT_EQ(reader.statistics().frames_decoded, 0);
}

TEST(VideoReader, TakesAnIndexThatIsThere) {
  const TemporaryFolder folder;
  const std::vector<std::size_t> expected = plain_hashes(clip("h265_video.mp4"));
  for (int run = 0; run < 2; ++run) {  // makes the index, then reads it
    VideoReader reader(clip("h265_video.mp4"), {.index_folder = folder.path()});
    EXPECT_TRUE(reads(reader, {9, 0, 4}, expected));
  }
  EXPECT_GT(lightly::testing::count_files(folder.path()), 0);
}

TEST(VideoReader, DecodersKeepWithinTheirBytes) {
  const VideoIndex index = read_video_index(clip("av1_video.mkv"));
  PacketSource source(clip("av1_video.mkv"), index);
  constexpr std::int64_t kBytes = std::int64_t{8} << 20;  // of some 0.35 MB each
  DecoderPool pool(source, index, {.max_decoders = 64, .max_bytes = kBytes});
  std::int64_t most = 0;
  for (const std::int64_t i : draw(index.size(), 200)) {
    pool.decode(static_cast<std::int32_t>(i), false);
    EXPECT_LE(pool.picture_bytes(), kBytes);
    most = std::max(most, pool.size());
  }
  EXPECT_GT(most, 1);
  EXPECT_LT(most, 24);
}

TEST(VideoReader, MemoryStaysFlat) {
#ifdef LIGHTLY_SANITIZED
  GTEST_SKIP() << "a sanitizer keeps freed memory";
#endif
  const auto resident_kb = [] {
    std::ifstream status("/proc/self/statm");
    std::int64_t total = 0;
    std::int64_t resident = 0;
    status >> total >> resident;
    return resident * 4;
  };
  VideoReader reader(clip("h264_10bits.mp4"));
  const auto read = [&](std::int64_t count) {
    for (const std::int64_t i : draw(reader.size(), count)) {
      reader.frame(i);
    }
  };
  read(3000);
  const std::int64_t before = resident_kb();
  read(3000);
  EXPECT_LT(resident_kb() - before, 4096);
}

TEST(VideoReader, MovesWithItsDecoders) {
  VideoReader reader(clip("h265_video.mp4"));
  const at::Tensor expected = reader.frame(5);
  VideoReader moved = std::move(reader);
  EXPECT_TRUE(tensors_equal(moved.frame(5), expected));
  EXPECT_EQ(moved.statistics().frames_given, 2);
}

TEST(VideoReader, RejectsBadArguments) {
  const std::filesystem::path video = clip("h265_video.mp4");
  const auto text = [&](VideoReaderOptions options) {
    return error_text([&] { VideoReader(video, std::move(options)); });
  };
  EXPECT_EQ(text({.height = 10}), "VideoReader: height and width must be given both or not at all");
  EXPECT_EQ(text({.height = 0, .width = 5}), "VideoReader: height must be in [1, 32768], got 0");
  EXPECT_EQ(text({.shorter_side = 40000}),
            "VideoReader: shorter_side must be in [1, 32768], got 40000");
  EXPECT_EQ(text({.height = 8, .width = 8, .shorter_side = 8}),
            "VideoReader: shorter_side must not be given together with height and width");
  EXPECT_EQ(text({.num_threads = 0}), "VideoReader: num_threads must be in [1, 64], got 0");
  EXPECT_EQ(text({.max_decoders = 0}), "VideoReader: max_decoders must be >= 1, got 0");
  EXPECT_EQ(text({.max_decoder_bytes = -1}), "VideoReader: max_decoder_bytes must be >= 0, got -1");
  EXPECT_THROW(VideoReader(video, std::shared_ptr<const VideoIndex>()), c10::ValueError);
  VideoReader reader(video);
  EXPECT_EQ(error_text([&] { reader.frame(10); }),
            "VideoReader: the frame must be in [0, 10), got 10");
  EXPECT_THROW(reader.frame(-1), c10::IndexError);
  EXPECT_THROW(reader.frames(std::vector<std::int64_t>{0, 10}), c10::IndexError);
  EXPECT_EQ(error_text([&] { reader.frames(4, 3); }),
            "VideoReader: frames must be a range [begin, end) in [0, 10), got [4, 3)");
  EXPECT_THROW(reader.frames(0, 11), c10::IndexError);
}

}  // namespace
}  // namespace lightly::media
