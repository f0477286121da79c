#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/sha.h>
#include <torch/types.h>

#include "lightly/media/video_reader.hpp"
#include "media/packet_source.hpp"
#include "media/plain_video.hpp"
#include "media/video_files.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::all_frames;
using lightly::testing::clip;
using lightly::testing::clips;
using lightly::testing::draw;
using lightly::testing::hash_of;
using lightly::testing::large_test_data;
using lightly::testing::plain_hashes;
using lightly::testing::read_file;
using lightly::testing::reads;
using lightly::testing::remux;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_equal;

TEST(ExactVideos, GivesTheFramesOfAPlainDecodeInAnyOrder) {
  for (const std::string& name : clips()) {
    const std::vector<std::size_t> expected = plain_hashes(clip(name));
    VideoReader reader(clip(name), {.rotate = false});
    ASSERT_EQ(reader.size(), static_cast<std::int64_t>(expected.size())) << name;
    std::vector<std::int64_t> order = draw(reader.size(), 30);
    for (std::int64_t i = 1; i <= std::min<std::int64_t>(reader.size(), 12); ++i) {
      order.push_back(reader.size() - i);
    }
    EXPECT_TRUE(reads(reader, order, expected));
    const at::Tensor all = reader.frames(0, reader.size());
    for (std::int64_t i = 0; i < reader.size(); ++i) {
      EXPECT_EQ(hash_of(all[i]), expected[static_cast<std::size_t>(i)]) << name << " frame " << i;
    }
  }
}

TEST(ExactVideos, IsExactInEveryContainer) {
  const TemporaryFolder folder;
  struct Case {
    const char* name;
    const char* format;
    const char* mov_flags;
    bool is_direct;  // its packets are read from their place
  };
  for (const Case& test :
       {Case{"h265_video.mp4", "mp4", "frag_keyframe+empty_moov", true},
        Case{"h265_video.mp4", "hevc", "", true}, Case{"h265_video.mp4", "matroska", "", true},
        Case{"h265_video.mp4", "mpegts", "", false},
        Case{"nasa_13013_rotated.mp4", "h264", "", true},
        Case{"nasa_13013_rotated.mp4", "flv", "", true},
        Case{"testsrc2_odd_height_and_width_mpeg2.mp4", "avi", "", true},
        Case{"nasa_13013_rotated.mp4", "mpegts", "", false},
        Case{"testsrc2_odd_height_and_width_mpeg2.mp4", "mpegts", "", false},
        Case{"testsrc2_odd_height_and_width_mpeg2.mp4", "mpeg", "", false},
        Case{"testsrc2_odd_height_and_width_mpeg2.mp4", "vob", "", false}}) {
    const std::filesystem::path video = folder / "video";
    ASSERT_TRUE(remux(clip(test.name), video, {.format = test.format, .mov_flags = test.mov_flags}))
        << test.format;
    const std::vector<std::size_t> expected = plain_hashes(video);
    VideoReader reader(video, {.rotate = false});
    ASSERT_EQ(reader.size(), static_cast<std::int64_t>(expected.size())) << test.format;
    EXPECT_TRUE(reads(reader, draw(reader.size(), 60), expected)) << test.format;
    EXPECT_TRUE(reads(reader, all_frames(reader), expected)) << test.format;
    const PacketSource source(video, reader.index());
    EXPECT_EQ(source.is_direct(), test.is_direct) << test.format;
  }
}

TEST(ExactVideos, PacketsAreTheSameFromTheirPlaceBySeeksAndFromTheStart) {
  for (const char* name : {"h265_video.mp4", "av1_video.mkv", "nasa_13013_rotated.mp4"}) {
    const VideoIndex index = read_video_index(clip(name));
    PacketSource direct(clip(name), index);
    PacketSource sought(clip(name), index);
    PacketSource demuxed(clip(name), index);
    ASSERT_TRUE(direct.is_direct()) << name;
    sought.use_demuxer();
    demuxed.distrust();
    const PacketPtr expected = make_packet();
    const PacketPtr packet = make_packet();
    for (const std::int64_t i : draw(static_cast<std::int64_t>(index.packets.size()), 60)) {
      demuxed.read(static_cast<std::int32_t>(i), expected.get());
      for (PacketSource* source : {&direct, &sought}) {
        source->read(static_cast<std::int32_t>(i), packet.get());
        ASSERT_EQ(packet->size, expected->size) << name << ", packet " << i;
        EXPECT_TRUE(std::equal(packet->data, packet->data + packet->size, expected->data))
            << name << ", packet " << i;
      }
    }
  }
}

TEST(ExactVideos, ThreadsGiveTheSameFrames) {
  for (const DecoderThreads threads : {DecoderThreads::kSlice, DecoderThreads::kFrame}) {
    for (const char* name : {"bt601_full_range.mp4", "h265_video.mp4", "av1_video.mkv",
                             "discard_first_keyframe.mp4"}) {
      const std::vector<std::size_t> expected = plain_hashes(clip(name));
      VideoReader reader(clip(name), {.num_threads = 3, .threads = threads});
      EXPECT_TRUE(reads(reader, all_frames(reader), expected));
      EXPECT_TRUE(reads(reader, draw(reader.size(), 30), expected));
    }
  }
}

// Every frame forwards, at random and backwards; the last two in part, unless
// LIGHTLY_TEST_EVERY_FRAME is set, because they take minutes.
TEST(ExactVideos, IsExactOnRealClips) {
  if (large_test_data().empty()) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA is not set";
  }
  const bool every = std::getenv("LIGHTLY_TEST_EVERY_FRAME") != nullptr;
  std::istringstream manifest(read_file(large_test_data() / "video" / "MANIFEST.tsv"));
  int videos = 0;
  std::string line;
  for (std::getline(manifest, line); std::getline(manifest, line); ++videos) {
    const std::filesystem::path video =
        large_test_data() / "video" / line.substr(0, line.find('\t'));
    const std::vector<std::size_t> expected = plain_hashes(video);
    VideoReader reader(video, {.rotate = false});
    ASSERT_EQ(reader.size(), static_cast<std::int64_t>(expected.size())) << video;
    const std::vector<std::int64_t> all = all_frames(reader);
    EXPECT_TRUE(reads(reader, all, expected));
    EXPECT_TRUE(reads(reader, draw(reader.size(), every ? 2 * reader.size() : 12), expected));
    const auto backwards =
        std::vector<std::int64_t>(all.rbegin(), all.rbegin() + (every ? reader.size() : 3));
    EXPECT_TRUE(reads(reader, backwards, expected));
  }
  EXPECT_EQ(videos, 35);
}

TEST(ExactVideos, MatchesTorchcodecFrameByFrame) {
  const core::Safetensors golden =
      lightly::testing::load_golden("media/videos_torchcodec_0.17.0.safetensors");
  for (const auto& [key, sums] : golden.tensors) {
    VideoReader reader(clip(key.substr(0, key.rfind('.'))));
    ASSERT_EQ(reader.size(), sums.size(0)) << key;
    for (std::int64_t i = 0; i < reader.size(); ++i) {
      const at::Tensor pixels = reader.frame(i).permute({1, 2, 0});
      const at::Tensor sum = torch::empty({SHA256_DIGEST_LENGTH}, torch::kUInt8);
      SHA256(pixels.const_data_ptr<std::uint8_t>(), static_cast<std::size_t>(pixels.numel()),
             sum.mutable_data_ptr<std::uint8_t>());
      ASSERT_TRUE(torch::equal(sum, sums[i])) << key << " frame " << i;
    }
  }
  EXPECT_EQ(golden.tensors.size(), 12);
}

TEST(ExactVideos, MatchesTorchcodecsReferenceFrames) {
  if (large_test_data().empty()) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA is not set";
  }
  VideoReader reader(large_test_data() / "video/torchcodec/nasa_13013.mp4",
                     {.index = {.stream = 3}});
  int frames = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(large_test_data() / "video/torchcodec_ref")) {
    const std::string name = entry.path().filename().string();
    const std::string frame = "frame";
    const std::int64_t i = std::stoll(name.substr(name.find(frame) + frame.size(), 6));
    std::string bytes = read_file(entry.path());
    const at::Tensor expected =
        torch::from_blob(bytes.data(), {270, 480, 3}, torch::kUInt8).permute({2, 0, 1});
    EXPECT_TRUE(tensors_equal(reader.frame(i), expected)) << name;
    ++frames;
  }
  EXPECT_EQ(frames, 13);
}

}  // namespace
}  // namespace lightly::media
