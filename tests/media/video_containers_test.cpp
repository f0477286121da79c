// The rules by which frames are found in containers and codecs that the small clips are not of.

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lightly/media/video_index.hpp"
#include "media/video_files.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::decode_all;
using lightly::testing::error_text;
using lightly::testing::expect_decodes;
using lightly::testing::large_test_data;
using lightly::testing::read_file;
using lightly::testing::read_packets;
using lightly::testing::remux;
using lightly::testing::TemporaryFolder;
using lightly::testing::test_data;
using lightly::testing::write_file;
using ::testing::EndsWith;
using ::testing::StartsWith;

struct Container {
  std::string format;
  // Whether it keeps the times of presentation.
  bool has_times = true;
  std::string mov_flags = {};
};

const std::vector<Container>& containers_of_all() {
  static const std::vector<Container> containers{
      {"mpegts"}, {"matroska"}, {"mov"}, {"mp4", true, "frag_keyframe+empty_moov"}, {"avi", false},
  };
  return containers;
}

void expect_frames_in(const Container& container, const std::string& clip, std::int64_t frames) {
  SCOPED_TRACE(clip + " in " + container.format + " " + container.mov_flags);
  const TemporaryFolder folder;
  const auto path = folder / ("x." + container.format);
  ASSERT_TRUE(remux(test_data("video/torchcodec/" + clip), path,
                    {.format = container.format, .mov_flags = container.mov_flags}));
  const VideoIndex index = read_video_index(path);
  EXPECT_EQ(index.size(), frames);
  EXPECT_FALSE(index.is_suspicious);
  expect_decodes(index, path, container.has_times);
}

TEST(VideoContainers, HoldTheSameFrames) {
  for (const Container& container : containers_of_all()) {
    expect_frames_in(container, "nasa_13013_rotated.mp4", 17);
    expect_frames_in(container, "h264_10bits.mp4", 30);
    if (container.format != "avi") {
      expect_frames_in(container, "h265_video.mp4", 10);
      expect_frames_in(container, "nasa_13013_hdr.mp4", 325);
    }
  }
  for (const char* clip : {"nasa_13013_rotated.mp4", "discard_first_keyframe.mp4"}) {
    expect_frames_in({"flv"}, clip, clip[0] == 'n' ? 17 : 30);  // an edit list is left behind
  }
}

TEST(VideoContainers, RawStreamsAreOrderedByTheirPictures) {
  expect_frames_in({"h264", false}, "nasa_13013_rotated.mp4", 17);
  expect_frames_in({"h264", false}, "discard_first_keyframe.mp4", 30);
  expect_frames_in({"hevc", false}, "h265_video.mp4", 10);
  expect_frames_in({"hevc", false}, "nasa_13013_hdr.mp4", 325);
  expect_frames_in({"mpeg2video", false}, "testsrc2_odd_height_and_width_mpeg2.mp4", 10);
  expect_frames_in({"obu", false}, "av1_video.mkv", 125);
  expect_frames_in({"ivf", true}, "av1_video.mkv", 125);
  expect_frames_in({"ivf", true}, "testsrc2_odd_height_and_width_vp9.mp4", 25);
}

// What comes before the first key, and leading pictures without what they refer to, are no frames.
TEST(VideoContainers, CutStreamsBeginAtTheirFirstKey) {
  const auto expect_cut = [](const std::string& clip, const std::string& format, std::size_t first,
                             std::size_t end) {
    SCOPED_TRACE(clip + " in " + format + " from " + std::to_string(first));
    const TemporaryFolder folder;
    const auto path = folder / ("x." + format);
    if (!remux(test_data("video/torchcodec/" + clip), path,
               {.format = format, .first = first, .end = end})) {
      return 0;  // FFmpeg does not write it
    }
    // Without the parameter sets, which FFmpeg writes before some keys only, nothing decodes.
    if (decode_all(read_packets(path)).packets.empty()) {
      EXPECT_THAT(error_text([&] { read_video_index(path); }), StartsWith("VideoIndex: cannot "));
      return 0;
    }
    expect_decodes(read_video_index(path), path, false);
    return 1;
  };
  int cuts = 0;
  for (std::size_t first = 1; first < 20; first += 3) {
    for (const char* format : {"mpegts", "h264", "matroska"}) {
      cuts += expect_cut("discard_first_keyframe.mp4", format, first, SIZE_MAX);
    }
  }
  // Packet 200 or so is its second key.
  for (std::size_t first = 195; first < 210; first += 2) {
    for (const char* format : {"mpegts", "hevc", "matroska"}) {
      cuts += expect_cut("nasa_13013_hdr.mp4", format, first, 240);
    }
  }
  EXPECT_GT(cuts, 20);
}

TEST(VideoContainers, WithoutAnyKeyThereIsNoFrame) {
  const TemporaryFolder folder;
  const auto path = folder / "x.h264";
  ASSERT_TRUE(remux(test_data("video/torchcodec/nasa_13013_rotated.mp4"), path,
                    {.format = "h264", .first = 1}));
  EXPECT_THAT(error_text([&] { read_video_index(path); }), StartsWith("VideoIndex: cannot "));
}

TEST(VideoContainers, PackedFramesOfMpeg4CountForThemselves) {
  if (large_test_data().empty()) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA is not set";
  }
  const auto clip = large_test_data() / "video" / "mmaction2" / "test.avi";
  const VideoIndex index = read_video_index(clip);
  EXPECT_EQ(index.size(), 164);
  EXPECT_EQ(index.packets.size(), 164U);
  EXPECT_FALSE(index.is_suspicious);
  expect_decodes(index, clip, false);
}

// A writer of bits, for streams that no encoder here makes.
class Bits {
 public:
  Bits& put(std::uint32_t value, int count) {
    for (int i = count - 1; i >= 0; --i) {
      if (used_ % 8 == 0) {
        bytes_.push_back('\0');
      }
      bytes_.back() = static_cast<char>(bytes_.back() | ((value >> i) & 1U) << (7 - used_ % 8));
      ++used_;
    }
    return *this;
  }

  /// An unsigned Exp-Golomb number.
  Bits& golomb(std::uint32_t value) {
    const int length = std::bit_width(value + 1);
    return put(0, length - 1).put(value + 1, length);
  }

  Bits& align() { return put(0, (8 - used_ % 8) % 8); }

  /// The stop bit; the NAL unit behind a start code.
  std::string nal(int header) {
    put(1, 1);
    return std::string("\0\0\0\1", 4) + static_cast<char>(header) + bytes_;
  }

 private:
  std::string bytes_;
  int used_ = 0;
};

enum class Structure { kFrame, kTop, kBottom };

// One slice of 16x16 blocks of one grey each.
std::string h264_picture(Structure structure, int number, bool is_idr, int grey) {
  const bool is_field = structure != Structure::kFrame;
  Bits bits;
  bits.golomb(0).golomb(7).golomb(0).put(number % 16, 4).put(is_field, 1);
  if (is_field) {
    bits.put(structure == Structure::kBottom, 1);
  }
  if (is_idr) {
    bits.golomb(0);
  }
  bits.put((2 * number + (structure == Structure::kBottom ? 1 : 0)) % 16, 4);
  bits.put(0, is_idr ? 2 : 1).golomb(0);
  for (int block = 0; block < (is_field ? 1 : 2); ++block) {
    bits.golomb(25).align();
    for (int i = 0; i < 384; ++i) {
      bits.put(static_cast<std::uint32_t>(grey), 8);
    }
  }
  return bits.nal(is_idr ? 0x65 : 0x61);
}

// 16x32 pixels, in which pictures may be fields.
std::string h264_parameters() {
  Bits sequence;
  sequence.put(77, 8).put(0, 8).put(10, 8).golomb(0).golomb(0).golomb(0).golomb(0).golomb(1);
  sequence.put(0, 1).golomb(0).golomb(0).put(0, 2).put(1, 1).put(0, 2);
  Bits picture;
  picture.golomb(0).golomb(0).put(0, 2).golomb(0).golomb(0).golomb(0).put(0, 3);
  picture.golomb(0).golomb(0).golomb(0).put(0, 3);
  return sequence.nal(0x67) + picture.nal(0x68);
}

TEST(VideoContainers, TwoFieldsAreOneFrame) {
  const TemporaryFolder folder;
  std::string bytes = h264_parameters();
  constexpr int kFrames = 12;
  for (int i = 0; i < kFrames; ++i) {
    const int number = i % 6;
    if (i % 3 == 2) {
      bytes += h264_picture(Structure::kFrame, number, number == 0, 40 + 10 * i);
    } else {
      bytes += h264_picture(Structure::kTop, number, number == 0, 40 + 10 * i);
      bytes += h264_picture(Structure::kBottom, number, false, 45 + 10 * i);
    }
  }
  write_file(folder / "x.h264", bytes);
  const VideoIndex index = read_video_index(folder / "x.h264");
  EXPECT_EQ(index.size(), kFrames);
  EXPECT_EQ(index.height, 32);
  EXPECT_FALSE(index.is_suspicious);
  expect_decodes(index, folder / "x.h264", false);
  for (const char* format : {"mpegts", "matroska", "mp4"}) {
    SCOPED_TRACE(format);
    const auto path = folder / ("y." + std::string(format));
    if (remux(folder / "x.h264", path, {.format = format})) {
      expect_decodes(read_video_index(path), path, false);
    }
  }
}

TEST(VideoContainers, APictureOfASongIsNoVideo) {
  const TemporaryFolder folder;
  const std::string jpeg = read_file(test_data("image_edge/torchcodec/grayscale.jpg"));
  const std::string content = std::string("\0image/jpeg\0\3\0", 14) + jpeg;
  const auto number = [](std::size_t value, int bits) {
    std::string bytes;
    for (int shift = 3 * bits; shift >= 0; shift -= bits) {
      bytes += static_cast<char>((value >> shift) & ((1U << bits) - 1));
    }
    return bytes;
  };
  std::string bytes = std::string("ID3\3\0\0", 6) + number(content.size() + 10, 7) + "APIC" +
                      number(content.size(), 8) + std::string(2, '\0') + content;
  for (int i = 0; i < 20; ++i) {
    bytes += "\xFF\xFB\x90" + std::string(414, '\0');  // a silent frame of MP3
  }
  write_file(folder / "x.mp3", bytes);
  EXPECT_THAT(error_text([&] { read_video_index(folder / "x.mp3"); }),
              EndsWith("x.mp3: it has no video stream"));
  EXPECT_THAT(error_text([&] { read_video_index(folder / "x.mp3", {.stream = 1}); }),
              EndsWith("stream 1 is no video stream; the file has 2 streams"));
}

}  // namespace
}  // namespace lightly::media
