// The rules by which frames are found in containers and codecs that the small clips are not of.

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lightly/media/video_index.hpp"
#include "media/h264_streams.hpp"
#include "media/video_files.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::decode_all;
using lightly::testing::error_text;
using lightly::testing::expect_decodes;
using lightly::testing::h264_parameters;
using lightly::testing::h264_picture;
using lightly::testing::h264_unit;
using lightly::testing::H264Form;
using lightly::testing::H264Picture;
using lightly::testing::H264Structure;
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
    expect_frames_in(container, "h265_video.mp4", 10);
    expect_frames_in(container, "nasa_13013_hdr.mp4", 325);
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

TEST(VideoContainers, TwoFieldsAreOneFrame) {
  const TemporaryFolder folder;
  const H264Form form;
  std::string bytes;
  for (const std::string& parameters : h264_parameters(form)) {
    bytes += h264_unit(parameters);
  }
  const auto add = [&](H264Structure structure, int i, bool is_first, int grey) {
    const int number = i % 6;
    const bool is_bottom = structure == H264Structure::kBottom;
    bytes += h264_unit(h264_picture({.structure = structure,
                                     .number = number,
                                     .order = 2 * number + (is_bottom ? 1 : 0),
                                     .is_idr = is_first && number == 0,
                                     .grey = grey},
                                    form));
  };
  constexpr int kFrames = 12;
  for (int i = 0; i < kFrames; ++i) {
    if (i % 3 == 2) {
      add(H264Structure::kFrame, i, true, 40 + 10 * i);
    } else {
      add(H264Structure::kTop, i, true, 40 + 10 * i);
      add(H264Structure::kBottom, i, false, 45 + 10 * i);
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

// A picture may say that numbers begin anew after it as they do with a key, which it is not.
TEST(VideoContainers, PicturesStayInOrderWhereNumbersBeginAnewWithoutAKey) {
  for (const int count : {2, 5, 40}) {
    SCOPED_TRACE(count);
    const TemporaryFolder folder;
    const H264Form form{.has_fields = false};
    std::string bytes;
    for (const std::string& parameters : h264_parameters(form)) {
      bytes += h264_unit(parameters);
    }
    int sent = 0;
    const auto add = [&](H264Picture picture) {
      picture.grey = 20 + sent++;
      bytes += h264_unit(h264_picture(picture, form));
    };
    add({.is_idr = true});
    for (const bool is_anew : {false, true}) {
      for (int i = 1; i <= count; ++i) {
        // Two places on, and the one between, which nothing refers to.
        add({.number = i % 16,
             .order = 4 * i % 16,
             .is_predicted = true,
             .forgets = !is_anew && i == count});
        if (is_anew || i < count) {
          add({.number = (i + 1) % 16, .order = (4 * i - 2) % 16, .is_reference = false});
        }
      }
    }
    write_file(folder / "x.h264", bytes);
    const VideoIndex index = read_video_index(folder / "x.h264");
    EXPECT_EQ(index.size(), sent);
    EXPECT_EQ(index.is_suspicious, false);
    expect_decodes(index, folder / "x.h264", false);
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
