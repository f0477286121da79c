#include "lightly/media/video_index.hpp"

#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "media/video_files.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::decode_all;
using lightly::testing::error_text;
using lightly::testing::expect_consistent;
using lightly::testing::expect_decodes;
using lightly::testing::frame_packets;
using lightly::testing::frame_times;
using lightly::testing::large_test_data;
using lightly::testing::read_file;
using lightly::testing::read_packets;
using lightly::testing::remux;
using lightly::testing::TemporaryFolder;
using lightly::testing::test_data;
using lightly::testing::write_file;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::filesystem::path small_clip(const std::string& name) {
  return test_data("video/torchcodec/" + name);
}

TEST(VideoIndex, HasTheFramesOfADecodeInTheirOrder) {
  const std::map<std::string, std::int64_t> frames{{"nasa_13013_rotated.mp4", 17},
                                                   {"discard_first_keyframe.mp4", 25},
                                                   {"test_non_zero_start.mp4", 12},
                                                   {"h265_video.mp4", 10},
                                                   {"h264_10bits.mp4", 30},
                                                   {"nasa_13013_hdr.mp4", 325},
                                                   {"av1_video.mkv", 125},
                                                   {"testsrc2_odd_height_and_width_vp9.mp4", 25},
                                                   {"testsrc2_odd_height_and_width_mpeg2.mp4", 10}};
  for (const auto& [name, count] : frames) {
    SCOPED_TRACE(name);
    const VideoIndex index = read_video_index(small_clip(name));
    EXPECT_EQ(index.size(), count);
    EXPECT_FALSE(index.is_suspicious);
    EXPECT_FALSE(index.is_verified);
    expect_decodes(index, small_clip(name), true);
  }
}

TEST(VideoIndex, VerifiedItIsTheSame) {
  for (const char* name : {"nasa_13013_rotated.mp4", "discard_first_keyframe.mp4", "av1_video.mkv",
                           "h265_video.mp4"}) {
    SCOPED_TRACE(name);
    const VideoIndex index = read_video_index(small_clip(name));
    const VideoIndex verified = read_video_index(small_clip(name), {.verify = true});
    EXPECT_TRUE(verified.is_verified);
    EXPECT_FALSE(verified.is_suspicious);
    EXPECT_EQ(frame_packets(verified), frame_packets(index));
    EXPECT_EQ(frame_times(verified), frame_times(index));
    for (std::int64_t i = 0; i < index.size(); ++i) {
      EXPECT_EQ(verified.frames[i].start_packet, index.frames[i].start_packet);
    }
  }
}

TEST(VideoIndex, SaysWhatTheContainerSays) {
  const VideoIndex index = read_video_index(small_clip("nasa_13013_rotated.mp4"));
  EXPECT_EQ(index.height, 270);
  EXPECT_EQ(index.width, 480);
  EXPECT_EQ(index.rotation, 270);  // the matrix turns by 90 degrees against the clock
  EXPECT_EQ(index.stream, 0);
  EXPECT_NEAR(index.fps(), 30000.0 / 1001.0, 1e-9);
  EXPECT_NEAR(index.duration_seconds(), 17 * 1001.0 / 30000.0, 1e-9);
  EXPECT_EQ(read_video_index(small_clip("h265_video.mp4")).rotation, 0);
}

TEST(VideoIndex, CountsSecondsFromTheFirstFrame) {
  const VideoIndex index = read_video_index(small_clip("test_non_zero_start.mp4"));
  EXPECT_NEAR(static_cast<double>(index.frames[0].pts) * index.time_base.value(), 8.333, 1e-3);
  EXPECT_EQ(index.seconds(0), 0.0);
  EXPECT_NEAR(index.seconds(3), 0.1, 1e-9);
  EXPECT_NEAR(index.duration_seconds(), 0.4, 1e-9);
  for (std::int64_t i = 0; i < index.size(); ++i) {
    EXPECT_EQ(index.frame_at_seconds(index.seconds(i)), i);
    EXPECT_EQ(index.frame_at_seconds(index.seconds(i) + 0.02), i);
  }
  EXPECT_EQ(error_text([&] { index.frame_at_seconds(0.41); }),
            "VideoIndex: seconds must be in [0, 0.4), got 0.41");
  EXPECT_THAT(error_text([&] { index.frame_at_seconds(-0.01); }), EndsWith("got -0.01"));
  EXPECT_THAT(error_text([&] { index.frame_at_seconds(std::nan("")); }), EndsWith("got nan"));
  EXPECT_EQ(error_text([&] { index.seconds(12); }),
            "VideoIndex: the frame must be in [0, 12), got 12");
}

TEST(VideoIndex, OfNothingHasNoDuration) {
  const VideoIndex index;
  EXPECT_EQ(index.size(), 0);
  EXPECT_EQ(index.duration_seconds(), 0.0);
  EXPECT_EQ(index.fps(), 0.0);
}

TEST(VideoIndex, AnEditListHidesTheFirstKeyThatFramesStartAt) {
  const VideoIndex index = read_video_index(small_clip("discard_first_keyframe.mp4"));
  ASSERT_EQ(index.packets.size(), 30U);
  EXPECT_EQ(index.packets[0].frame, -1);
  EXPECT_TRUE(index.packets[0].is_key);
  EXPECT_EQ(index.frames[0].start_packet, 0);
}

TEST(VideoIndex, LeadingPicturesStartAtTheKeyBefore) {
  const VideoIndex index = read_video_index(small_clip("h265_video.mp4"));
  std::int32_t key = 0;
  int leading = 0;
  for (std::size_t i = 1; i < index.packets.size(); ++i) {
    key = index.packets[i].is_key ? static_cast<std::int32_t>(i) : key;
    const std::int32_t frame = index.packets[i].frame;
    if (frame < index.packets[key].frame) {
      ++leading;
      EXPECT_LT(index.frames[frame].start_packet, key);
    } else {
      EXPECT_EQ(index.frames[frame].start_packet, key);
    }
  }
  EXPECT_EQ(leading, 3);
}

TEST(VideoIndex, RefusesAStreamThatIsNone) {
  EXPECT_EQ(error_text([] { read_video_index("x.mp4", {.stream = -1}); }),
            "VideoIndex: stream must be >= 0, got -1");
  const std::filesystem::path clip = small_clip("h265_video.mp4");
  EXPECT_EQ(error_text([&] { read_video_index(clip, {.stream = 1}); }),
            "VideoIndex: cannot open " + clip.string() +
                ": stream 1 is no video stream; the file has 1 streams");
}

TEST(VideoIndex, RefusesWhatIsNoVideo) {
  const TemporaryFolder folder;
  const std::string missing = (folder / "missing.mp4").string();
  EXPECT_EQ(error_text([&] { read_video_index(missing); }),
            "VideoIndex: cannot open " + missing + ": No such file or directory");
  EXPECT_THAT(error_text([&] { read_video_index(folder.path()); }),
              StartsWith("VideoIndex: cannot open " + folder.path().string() + ": "));
  const std::string text =
      "This is a text of many words, and none of them is a frame.\n" + std::string(5000, 'x');
  for (const std::string& bytes : {std::string(), std::string(1, '\0'), text,
                                   std::string(4096, '\0'), std::string("\0\0\0\x08moov", 8)}) {
    for (const char* name : {"x.mp4", "x.mkv", "x.avi", "x.ts", "x.h264", "x"}) {
      write_file(folder / name, bytes);
      EXPECT_THAT(error_text([&] { read_video_index(folder / name); }),
                  AllOf(StartsWith("VideoIndex: cannot "), HasSubstr((folder / name).string())));
    }
  }
}

TEST(VideoIndex, TakesNamesForFilesAndNotForAddresses) {
  const TemporaryFolder folder;
  for (const char* name : {"a:b.mp4", "concat:x|y.mp4", "-.mp4", "%d.mp4", "ä ö?.mp4"}) {
    std::filesystem::copy_file(small_clip("h265_video.mp4"), folder / name);
    EXPECT_EQ(read_video_index(folder / name).size(), 10) << name;
  }
  EXPECT_THAT(error_text([] { read_video_index("http://127.0.0.1:1/x.mp4"); }),
              EndsWith("No such file or directory"));
}

TEST(VideoIndex, APlaylistLeadsNowhere) {
  const TemporaryFolder folder;
  write_file(folder / "x.mp4",
             "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n"
             "#EXT-X-ENDLIST\n");
  EXPECT_THAT(error_text([&] { read_video_index(folder / "x.mp4"); }),
              StartsWith("VideoIndex: cannot "));
}

// Cut at any place a file has fewer frames or is an error.
TEST(VideoIndex, OfACutFileHasTheFramesThatStillDecode) {
  const TemporaryFolder folder;
  int indexed = 0;
  for (const char* name : {"nasa_13013_rotated.mp4", "h265_video.mp4", "av1_video.mkv",
                           "testsrc2_odd_height_and_width_mpeg2.mp4"}) {
    const std::string bytes = read_file(small_clip(name));
    const std::int64_t whole = read_video_index(small_clip(name)).size();
    for (std::size_t percent = 5; percent < 100; percent += 5) {
      SCOPED_TRACE(std::string(name) + " " + std::to_string(percent));
      const auto path = folder / name;
      write_file(path, bytes.substr(0, bytes.size() * percent / 100));
      try {
        const VideoIndex index = read_video_index(path);
        EXPECT_LE(index.size(), whole);
        EXPECT_TRUE(index.is_suspicious || index.size() < whole || percent > 90);
        expect_decodes(index, path, false);
        ++indexed;
      } catch (const c10::Error& error) {
        EXPECT_THAT(error.what_without_backtrace(),
                    AllOf(StartsWith("VideoIndex: cannot "), HasSubstr(path.string())));
      }
    }
  }
  EXPECT_GT(indexed, 10);  // where the tables lie at the end nothing is left
}

// Bytes changed here and there: whatever comes out, the frames are those of a decode.
TEST(VideoIndex, OfADamagedFileHasTheFramesThatStillDecode) {
  const TemporaryFolder folder;
  int suspicious = 0;
  for (const char* name : {"nasa_13013_rotated.mp4", "h265_video.mp4", "h264_10bits.mp4"}) {
    std::string bytes = read_file(small_clip(name));
    for (std::size_t seed = 1; seed < 30; ++seed) {
      std::string damaged = bytes;
      for (std::size_t k = 1; k <= 3; ++k) {
        damaged[(seed * 7919 * k) % damaged.size()] ^= static_cast<char>(1 << (seed % 8));
      }
      const auto path = folder / name;
      write_file(path, damaged);
      const std::string problem = error_text([&] {
        const VideoIndex index = read_video_index(path, {.verify = true});
        suspicious += index.is_suspicious ? 1 : 0;
        expect_consistent(index);
        EXPECT_EQ(frame_packets(index), decode_all(read_packets(path)).packets) << seed;
      });
      EXPECT_TRUE(problem == "no error" || problem.starts_with("VideoIndex: cannot ")) << problem;
    }
  }
  EXPECT_GT(suspicious, 10);
}

struct ManifestRow {
  std::string file;
  std::int64_t frames = 0;
  std::int64_t stream = 0;
};

std::vector<ManifestRow> read_manifest() {
  std::ifstream stream(large_test_data() / "video" / "MANIFEST.tsv");
  const auto fields_of = [](const std::string& line) {
    std::vector<std::string> fields;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, '\t');) {
      fields.push_back(cell);
    }
    return fields;
  };
  std::string line;
  std::getline(stream, line);
  const std::vector<std::string> names = fields_of(line);
  const auto column = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) - names.begin();
  };
  std::vector<ManifestRow> rows;
  while (std::getline(stream, line)) {
    const std::vector<std::string> fields = fields_of(line);
    rows.push_back({.file = fields.at(0),
                    .frames = std::stoll(fields.at(column("frames_decoded"))),
                    .stream = std::stoll(fields.at(column("stream_index")))});
  }
  return rows;
}

TEST(VideoIndex, AgreesWithTheDecodesOfRealClips) {
  if (large_test_data().empty()) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA is not set";
  }
  const std::vector<ManifestRow> rows = read_manifest();
  EXPECT_EQ(rows.size(), 35U);
  for (const ManifestRow& row : rows) {
    SCOPED_TRACE(row.file);
    const std::filesystem::path path = large_test_data() / "video" / row.file;
    const VideoIndex index = read_video_index(path);
    EXPECT_EQ(index.size(), row.frames);
    EXPECT_EQ(index.stream, row.stream);
    EXPECT_EQ(index.is_suspicious, row.file.ends_with("corrupted.mp4"));
    // AVI has times of decoding only; with B-frames FFmpeg estimates by them, one frame late.
    expect_decodes(index, path, !row.file.ends_with("test.avi"));
  }
}

TEST(VideoIndex, ADamagedClipIsVerified) {
  if (large_test_data().empty()) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA is not set";
  }
  const VideoIndex index =
      read_video_index(large_test_data() / "video" / "decord" / "corrupted.mp4");
  EXPECT_TRUE(index.is_suspicious);
  EXPECT_TRUE(index.is_verified);
  EXPECT_EQ(index.size(), 49);
  ASSERT_EQ(index.packets.size(), 50U);
  EXPECT_EQ(std::count_if(index.packets.begin(), index.packets.end(),
                          [](const VideoPacket& packet) { return packet.frame < 0; }),
            1);
}

TEST(VideoIndex, AudioAloneIsNoVideo) {
  if (large_test_data().empty()) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA is not set";
  }
  const TemporaryFolder folder;
  const auto source = large_test_data() / "video" / "torchcodec" / "nasa_13013.mp4";
  ASSERT_TRUE(remux(source, folder / "audio.mp4", {.format = "mp4", .type = AVMEDIA_TYPE_AUDIO}));
  EXPECT_EQ(
      error_text([&] { read_video_index(folder / "audio.mp4"); }),
      "VideoIndex: cannot open " + (folder / "audio.mp4").string() + ": it has no video stream");
  // Of its two video streams the other one when asked for.
  EXPECT_EQ(read_video_index(source).stream, 3);
  const VideoIndex first = read_video_index(source, {.stream = 0});
  EXPECT_EQ(first.stream, 0);
  EXPECT_NE(first.width, read_video_index(source).width);
  expect_decodes(first, source, true);
}

}  // namespace
}  // namespace lightly::media
