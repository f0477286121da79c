// Streams whose parameters are others from some packet on.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/media/video_reader.hpp"
#include "media/h264_streams.hpp"
#include "media/plain_video.hpp"
#include "media/video_files.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::all_frames;
using lightly::testing::clip;
using lightly::testing::decode_all;
using lightly::testing::draw;
using lightly::testing::error_text;
using lightly::testing::H264Form;
using lightly::testing::H264Picture;
using lightly::testing::mp4_file;
using lightly::testing::mp4_part;
using lightly::testing::Mp4Part;
using lightly::testing::plain_hashes;
using lightly::testing::read_packets;
using lightly::testing::reads;
using lightly::testing::TemporaryFolder;
using lightly::testing::VideoPackets;
using lightly::testing::write_file;

// A key, and pictures that need the one before, again and again.
std::vector<H264Picture> changing_pictures(int count, int number_bits, int first_grey) {
  constexpr int kGroup = 20;
  std::vector<H264Picture> pictures;
  for (int i = 0; i < count; ++i) {
    const int in_group = i % kGroup;
    pictures.push_back({.number = in_group % (1 << number_bits),
                        .order = 2 * in_group % 16,
                        .is_idr = in_group == 0,
                        .is_predicted = in_group > 0,
                        .grey = first_grey + i});
  }
  return pictures;
}

Mp4Part part_of_clip(const std::string& name) {
  const VideoPackets packets = read_packets(clip(name));
  const AVCodecContext& parameters = *packets.parameters;
  Mp4Part part{.width = parameters.width, .height = parameters.height};
  part.description.assign(reinterpret_cast<const char*>(parameters.extradata),
                          static_cast<std::size_t>(parameters.extradata_size));
  for (const PacketPtr& packet : packets.packets) {
    part.samples.emplace_back(reinterpret_cast<const char*>(packet->data),
                              static_cast<std::size_t>(packet->size));
    part.times.push_back(packet->pts);
    part.are_keys.push_back((packet->flags & AV_PKT_FLAG_KEY) != 0);
  }
  return part;
}

// Read by the parameters of the first description, numbers of the second look like those of fields.
TEST(ChangingVideos, AFrameIsDecodedByTheSampleDescriptionOfItsPart) {
  const TemporaryFolder folder;
  const H264Form fields{.number_bits = 4, .has_fields = true};
  const H264Form frames{.number_bits = 8, .has_fields = false};
  write_file(folder / "x.mp4", mp4_file({mp4_part(changing_pictures(30, 4, 10), fields),
                                         mp4_part(changing_pictures(50, 8, 60), frames),
                                         mp4_part(changing_pictures(20, 4, 130), fields)}));
  const std::vector<std::size_t> expected = plain_hashes(folder / "x.mp4");
  ASSERT_EQ(expected.size(), 100U);
  const std::vector<std::uint32_t> sums = decode_all(read_packets(folder / "x.mp4")).sums;
  EXPECT_EQ(std::set<std::uint32_t>(sums.begin(), sums.end()).size(), 100U);
  VideoReader reader(folder / "x.mp4");
  ASSERT_EQ(reader.size(), 100);
  EXPECT_TRUE(reader.index().has_side_data);
  EXPECT_FALSE(reader.index().is_suspicious);
  EXPECT_TRUE(reads(reader, draw(100, 60), expected));
  EXPECT_TRUE(reads(reader, all_frames(reader), expected));
  EXPECT_TRUE(reads(reader, {99, 79, 30, 29, 80, 0}, expected));
  VideoReader threads(folder / "x.mp4", {.num_threads = 3, .threads = DecoderThreads::kFrame});
  EXPECT_TRUE(reads(threads, draw(100, 30), expected));
  VideoReader verified(folder / "x.mp4", {.index = {.verify = true}});
  ASSERT_EQ(verified.size(), 100);
  EXPECT_FALSE(verified.index().is_suspicious);
  EXPECT_TRUE(reads(verified, draw(100, 30), expected));
}

TEST(ChangingVideos, DescriptionsOfTwoSizesAreReadOrResized) {
  const TemporaryFolder folder;
  const std::filesystem::path video = folder / "x.mp4";
  write_file(video, mp4_file({part_of_clip("bt601_full_range.mp4"),
                              part_of_clip("test_non_zero_start.mp4")}));
  const std::vector<std::size_t> expected = plain_hashes(video);
  ASSERT_EQ(expected.size(), 72U);
  VideoReader reader(video);
  ASSERT_EQ(reader.size(), 72);
  EXPECT_TRUE(reader.index().has_side_data);
  EXPECT_FALSE(reader.index().is_suspicious);
  // FFmpeg gives the size of the last description.
  EXPECT_EQ(error_text([&] { reader.frame(5); }),
            "VideoReader: cannot decode " + video.string() +
                ": frame 5: it is 320 x 240 in a video of 200 x 112 (width x height); only a "
                "reader that resizes its frames reads it");
  EXPECT_TRUE(reads(reader, {65, 70, 61, 71, 60, 66}, expected));
  VideoReader large(video, {.height = 240, .width = 320});
  EXPECT_TRUE(reads(large, draw(60, 40), expected));
  EXPECT_EQ(large.frame(65).sizes(), (std::vector<std::int64_t>{3, 240, 320}));
  EXPECT_TRUE(reads(large, draw(60, 40), expected));
  // The decoder takes each part for what it is alone.
  std::vector<std::uint32_t> sums;
  for (const char* name : {"bt601_full_range.mp4", "test_non_zero_start.mp4"}) {
    const std::vector<std::uint32_t> part = decode_all(read_packets(clip(name))).sums;
    sums.insert(sums.end(), part.begin(), part.end());
  }
  EXPECT_EQ(decode_all(read_packets(video)).sums, sums);
}

}  // namespace
}  // namespace lightly::media
