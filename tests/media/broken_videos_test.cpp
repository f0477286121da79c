#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/core/random.hpp"
#include "lightly/media/video_reader.hpp"
#include "media/plain_video.hpp"
#include "media/video_files.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::decode_plainly;
using lightly::testing::error_text;
using lightly::testing::hash_of;
using lightly::testing::plain_hashes;
using lightly::testing::read_file;
using lightly::testing::remux;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_equal;
using lightly::testing::test_data;
using lightly::testing::write_file;
using lightly::testing::write_palettes;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::filesystem::path whole_clip(const std::string& name) {
  return test_data("video/torchcodec/" + name);
}

// Whether there are as many frames as in a plain decode of the same file, and a dozen of them, the
// last ones first, are the same.
::testing::AssertionResult is_as_plain(VideoReader& reader) {
  const std::vector<std::size_t> expected = plain_hashes(reader.path());
  if (reader.size() != static_cast<std::int64_t>(expected.size())) {
    return ::testing::AssertionFailure() << reader.path() << " has " << reader.size()
                                         << " frames, a plain decode " << expected.size();
  }
  const std::int64_t step = std::max<std::int64_t>(reader.size() / 12, 1);
  for (std::int64_t i = reader.size() - 1; i >= 0; i -= step) {
    if (hash_of(reader.frame(i)) != expected[static_cast<std::size_t>(i)]) {
      return ::testing::AssertionFailure() << reader.path() << ": frame " << i << " differs";
    }
  }
  return ::testing::AssertionSuccess();
}

TEST(BrokenVideos, WhatIsNoVideoIsAnErrorWithItsName) {
  const TemporaryFolder folder;
  const std::string wav = std::string(
      "RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0"
      "\2\0\x10\0data\x08\0\0\0\0\0\0\0\0\0\0\0",
      52);
  write_file(folder / "empty.mp4", "");
  write_file(folder / "text.mp4", "This is a text and no video, whatever its name says.\n");
  write_file(folder / "sound.wav", wav);
  for (const char* name : {"empty.mp4", "text.mp4", "sound.wav", "missing.mp4"}) {
    const std::string text = error_text([&] { VideoReader reader(folder / name); });
    EXPECT_THAT(text, HasSubstr("cannot open " + (folder / name).string() + ": ")) << text;
  }
  EXPECT_THAT(error_text([&] { VideoReader reader(folder / "sound.wav"); }),
              HasSubstr("it has no video stream"));
}

// What changes the colours lies beside the packets, not in them.
TEST(BrokenVideos, APaletteThatChangesIsThatOfTheFrame) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_palettes(folder / "palettes.avi", 9, 4));
  VideoReader reader(folder / "palettes.avi");
  EXPECT_TRUE(reader.index().has_side_data);
  const std::vector<std::size_t> expected = plain_hashes(reader.path());
  ASSERT_EQ(reader.size(), 9);
  ASSERT_EQ(expected.size(), 9U);
  // Frames of the two palettes differ though their bytes are shifted alike.
  EXPECT_FALSE(tensors_equal(reader.frame(3), reader.frame(4)));
  for (const std::int64_t i : {7, 1, 8, 4, 3, 0, 5, 6, 2}) {
    EXPECT_EQ(hash_of(reader.frame(i)), expected[static_cast<std::size_t>(i)]) << i;
  }
}

TEST(BrokenVideos, ACutFileGivesWhatAPlainDecodeGives) {
  const TemporaryFolder folder;
  ASSERT_TRUE(remux(whole_clip("bt601_full_range.mp4"), folder / "whole.h264", {.format = "h264"}));
  int opened = 0;
  for (const std::filesystem::path& whole :
       {whole_clip("av1_video.mkv"), whole_clip("bt601_full_range.mp4"),
        whole_clip("discard_first_keyframe.mp4"), folder / "whole.h264"}) {
    const std::string bytes = read_file(whole);
    for (std::size_t percent = 5; percent < 100; percent += 5) {
      const std::filesystem::path cut = folder / ("cut" + whole.extension().string());
      write_file(cut, bytes.substr(0, bytes.size() * percent / 100));
      std::optional<VideoReader> reader;
      const std::string text = error_text([&] { reader.emplace(cut); });
      if (!reader.has_value()) {
        EXPECT_THAT(text, HasSubstr(cut.string())) << percent;
        continue;
      }
      ++opened;
      EXPECT_TRUE(is_as_plain(*reader)) << percent << " % of " << whole;
    }
  }
  EXPECT_GE(opened, 30);
}

// H.264's decoder notices them; HEVC's may not, and then nothing can be promised.
TEST(BrokenVideos, DamagedBytesGiveWhatAPlainDecodeGives) {
  const TemporaryFolder folder;
  ASSERT_TRUE(remux(whole_clip("bt601_full_range.mp4"), folder / "whole.h264", {.format = "h264"}));
  for (const std::filesystem::path& whole :
       {whole_clip("bt601_full_range.mp4"), whole_clip("discard_first_keyframe.mp4"),
        folder / "whole.h264"}) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      std::string bytes = read_file(whole);
      core::Random random(seed);
      for (int i = 0; i < 8; ++i) {
        // In the middle, which is the pictures in each of the files.
        bytes[bytes.size() / 4 + random.below(bytes.size() / 2)] ^=
            static_cast<char>(1 + random.below(255));
      }
      const std::filesystem::path damaged = folder / ("damaged" + whole.extension().string());
      write_file(damaged, bytes);
      std::optional<VideoReader> reader;
      const std::string text = error_text(
          [&] { reader.emplace(damaged, VideoReaderOptions{.index = {.verify = true}}); });
      ASSERT_TRUE(reader.has_value()) << text;
      EXPECT_TRUE(is_as_plain(*reader)) << whole << " seed " << seed;
    }
  }
}

TEST(BrokenVideos, DamageThatTheIndexDoesNotShowIsNoCrash) {
  const TemporaryFolder folder;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    std::string bytes = read_file(whole_clip("bt601_full_range.mp4"));
    core::Random random(seed);
    for (int i = 0; i < 4; ++i) {
      bytes[bytes.size() / 4 + random.below(bytes.size() / 2)] ^=
          static_cast<char>(1 + random.below(255));
    }
    write_file(folder / "damaged.mp4", bytes);
    VideoReader reader(folder / "damaged.mp4");
    std::int64_t given = 0;
    for (std::int64_t i = reader.size() - 1; i >= 0; --i) {
      const std::string text = error_text([&] { given += reader.frame(i).size(0) / 3; });
      EXPECT_TRUE(text == "no error" ||
                  text.starts_with("VideoReader: cannot decode " + reader.path().string()))
          << text;
    }
    EXPECT_GE(given, 40);
  }
}

TEST(BrokenVideos, AFileThatIsGoneOrChangedIsAnError) {
  const TemporaryFolder folder;
  const std::string bytes = read_file(whole_clip("h265_video.mp4"));
  const std::filesystem::path video = folder / "video.mp4";
  const std::string changed =
      "VideoReader: cannot read " + video.string() + ": the file has changed since it was indexed";
  write_file(video, bytes);
  VideoReader reader(video);
  std::filesystem::remove(video);
  EXPECT_THAT(error_text([&] { reader.frame(0); }),
              StartsWith("VideoReader: cannot open " + video.string() + ": No such file"));
  EXPECT_THAT(error_text([&] { VideoReader(video, std::make_shared<VideoIndex>(reader.index())); }),
              StartsWith("VideoReader: cannot open " + video.string()));
  write_file(video, read_file(whole_clip("discard_first_keyframe.mp4")));
  EXPECT_EQ(error_text([&] { reader.frame(0); }), changed);
  EXPECT_EQ(error_text([&] { VideoReader(video, std::make_shared<VideoIndex>(reader.index())); }),
            changed);
  // An index that says it is of this file.
  auto index = std::make_shared<VideoIndex>(reader.index());
  index->file = read_video_index(video).file;
  VideoReader other(video, index);
  EXPECT_THAT(error_text([&] { other.frame(0); }), HasSubstr(video.string()));
  // While it is open.
  write_file(video, bytes);
  VideoReader open(video);
  open.frame(0);
  write_file(video, bytes + "more");
  EXPECT_EQ(error_text([&] { open.frame(9); }), changed);
}

TEST(BrokenVideos, AnotherSizeInMidStreamIsAnErrorOrResized) {
  const TemporaryFolder folder;
  const std::filesystem::path video = folder / "two_sizes.h264";
  ASSERT_TRUE(remux(whole_clip("bt601_full_range.mp4"), folder / "a.h264", {.format = "h264"}));
  ASSERT_TRUE(remux(whole_clip("test_non_zero_start.mp4"), folder / "b.h264", {.format = "h264"}));
  write_file(video, read_file(folder / "a.h264") + read_file(folder / "b.h264"));
  VideoReader reader(video);
  ASSERT_EQ(reader.size(), 72);
  EXPECT_EQ(
      error_text([&] { reader.frame(65); }),
      "VideoReader: cannot decode " + video.string() +
          ": frame 65: it is 200 x 112 in a video of 320 x 240 (width x height); only a reader "
          "that resizes its frames reads it");
  const at::Tensor expected = decode_plainly(whole_clip("bt601_full_range.mp4"));
  for (const std::int64_t i : {59, 0, 30}) {
    EXPECT_TRUE(tensors_equal(reader.frame(i), expected[i])) << i;
  }
  VideoReader resized(video, {.height = 112, .width = 200});
  std::vector<at::Tensor> plain;
  decode_plainly(video, [&](std::int64_t, const at::Tensor& frame) { plain.push_back(frame); });
  for (const std::int64_t i : {71, 3, 60, 65}) {
    const at::Tensor frame = resized.frame(i);
    EXPECT_EQ(frame.sizes(), (std::vector<std::int64_t>{3, 112, 200}));
    if (i >= 60) {
      EXPECT_TRUE(tensors_equal(frame, plain.at(static_cast<std::size_t>(i)))) << i;
    }
  }
}

}  // namespace
}  // namespace lightly::media
