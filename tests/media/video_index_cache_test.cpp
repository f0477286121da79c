#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lightly/media/video_index.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::count_files;
using lightly::testing::error_text;
using lightly::testing::read_file;
using lightly::testing::right_on_a_full_disk;
using lightly::testing::TemporaryFolder;
using lightly::testing::test_data;
using lightly::testing::write_file;
using ::testing::StartsWith;

// A clip of its own and the folder for its index.
class VideoIndexCache : public ::testing::Test {
 protected:
  VideoIndexCache() { place("h265_video.mp4"); }

  void place(const std::string& name) const {
    std::filesystem::copy_file(test_data("video/torchcodec/" + name), video(),
                               std::filesystem::copy_options::overwrite_existing);
  }

  std::filesystem::path video() const { return folder_ / "clip.mp4"; }
  std::filesystem::path cache() const { return folder_ / "cache"; }

  // The one file in it.
  std::filesystem::path file() const {
    EXPECT_EQ(count_files(cache()), 1U);
    return std::filesystem::directory_iterator(cache())->path();
  }

  VideoIndex read(const VideoIndexOptions& options = {}) const {
    return read_video_index_cached(video(), cache(), options);
  }

  TemporaryFolder folder_;
};

void expect_same(const VideoIndex& a, const VideoIndex& b) {
  EXPECT_EQ(a.stream, b.stream);
  EXPECT_EQ(a.time_base.num, b.time_base.num);
  EXPECT_EQ(a.time_base.den, b.time_base.den);
  EXPECT_EQ(a.average_fps.num, b.average_fps.num);
  EXPECT_EQ(a.average_fps.den, b.average_fps.den);
  EXPECT_EQ(a.height, b.height);
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.rotation, b.rotation);
  EXPECT_EQ(a.is_suspicious, b.is_suspicious);
  EXPECT_EQ(a.is_verified, b.is_verified);
  EXPECT_EQ(a.has_side_data, b.has_side_data);
  ASSERT_EQ(a.frames.size(), b.frames.size());
  ASSERT_EQ(a.packets.size(), b.packets.size());
  for (std::size_t i = 0; i < a.frames.size(); ++i) {
    EXPECT_EQ(a.frames[i].pts, b.frames[i].pts);
    EXPECT_EQ(a.frames[i].duration, b.frames[i].duration);
    EXPECT_EQ(a.frames[i].packet, b.frames[i].packet);
    EXPECT_EQ(a.frames[i].start_packet, b.frames[i].start_packet);
    EXPECT_EQ(a.frames[i].is_key, b.frames[i].is_key);
  }
  for (std::size_t i = 0; i < a.packets.size(); ++i) {
    EXPECT_EQ(a.packets[i].pts, b.packets[i].pts);
    EXPECT_EQ(a.packets[i].dts, b.packets[i].dts);
    EXPECT_EQ(a.packets[i].pos, b.packets[i].pos);
    EXPECT_EQ(a.packets[i].size_bytes, b.packets[i].size_bytes);
    EXPECT_EQ(a.packets[i].frame, b.packets[i].frame);
    EXPECT_EQ(a.packets[i].is_key, b.packets[i].is_key);
    EXPECT_EQ(a.packets[i].is_droppable, b.packets[i].is_droppable);
  }
}

TEST_F(VideoIndexCache, GivesBackWhatItWasGiven) {
  for (const char* name : {"h265_video.mp4", "discard_first_keyframe.mp4", "av1_video.mkv",
                           "nasa_13013_rotated.mp4", "nasa_13013_hdr.mp4"}) {
    SCOPED_TRACE(name);
    place(name);
    const VideoIndex index = read_video_index(video());
    expect_same(read(), index);
    const std::string bytes = read_file(file());
    expect_same(read(), index);
    EXPECT_EQ(read_file(file()), bytes);
  }
}

TEST_F(VideoIndexCache, IsReadAndNotTheVideo) {
  const VideoIndex index = read();
  // Other bytes of the same size and time: only a cache does not see them.
  const auto time = std::filesystem::last_write_time(video());
  const auto size = std::filesystem::file_size(video());
  write_file(video(), std::string(size, 'x'));
  std::filesystem::last_write_time(video(), time);
  expect_same(read(), index);
}

TEST_F(VideoIndexCache, IsMadeAnewForAnotherSizeOrTime) {
  read();
  const auto time = std::filesystem::last_write_time(video());
  place("nasa_13013_rotated.mp4");
  std::filesystem::last_write_time(video(), time);
  EXPECT_EQ(read().size(), 17);
  place("h265_video.mp4");
  EXPECT_EQ(read().size(), 10);
  const std::string bytes = read_file(file());
  std::filesystem::last_write_time(video(), time - std::chrono::seconds(1));
  EXPECT_EQ(read().size(), 10);
  EXPECT_NE(read_file(file()), bytes);
}

TEST_F(VideoIndexCache, IsMadeAnewForOtherOptions) {
  EXPECT_FALSE(read().is_verified);
  EXPECT_TRUE(read({.verify = true}).is_verified);
  EXPECT_FALSE(read().is_verified);
  EXPECT_EQ(read({.stream = 0}).size(), 10);
  EXPECT_THAT(error_text([&] { read({.stream = 7}); }), StartsWith("VideoIndex: cannot open "));
}

TEST_F(VideoIndexCache, OfAnotherVersionIsReplaced) {
  read();
  const std::string bytes = read_file(file());
  std::string older = bytes;
  older[8] = '\0';
  write_file(file(), older);
  EXPECT_EQ(read().size(), 10);
  EXPECT_EQ(read_file(file()), bytes);
}

TEST_F(VideoIndexCache, DamagedAtAnyByteIsReplaced) {
  const VideoIndex index = read();
  const std::string bytes = read_file(file());
  for (std::size_t at = 0; at < bytes.size(); at += 13) {
    std::string damaged = bytes;
    damaged[at] ^= 0x40;
    write_file(file(), damaged);
    expect_same(read(), index);
    ASSERT_EQ(read_file(file()), bytes) << at;
  }
}

TEST_F(VideoIndexCache, CutAtAnyByteOrTooLongIsReplaced) {
  const VideoIndex index = read();
  const std::string bytes = read_file(file());
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    write_file(file(), bytes.substr(0, size));
    expect_same(read(), index);
    ASSERT_EQ(read_file(file()), bytes) << size;
  }
  write_file(file(), bytes + "x");
  expect_same(read(), index);
  EXPECT_EQ(read_file(file()), bytes);
}

TEST_F(VideoIndexCache, OfARelativeNameIsThatOfTheAbsoluteOne) {
  read();
  const auto relative = std::filesystem::relative(video());
  EXPECT_EQ(read_video_index_cached(relative, cache()).size(), 10);
  EXPECT_EQ(read_video_index_cached(folder_ / "cache" / ".." / "clip.mp4", cache()).size(), 10);
  EXPECT_EQ(count_files(cache()), 1U);
}

TEST_F(VideoIndexCache, OfAnotherVideoHasAnotherName) {
  read();
  std::filesystem::copy_file(video(), folder_ / "clip2.mp4");
  EXPECT_EQ(read_video_index_cached(folder_ / "clip2.mp4", cache()).size(), 10);
  EXPECT_EQ(count_files(cache()), 2U);
}

TEST_F(VideoIndexCache, OfNoVideoIsItsError) {
  EXPECT_THAT(error_text([&] { read_video_index_cached(folder_ / "none.mp4", cache()); }),
              StartsWith("VideoIndex: cannot open "));
  EXPECT_FALSE(std::filesystem::exists(cache()));
}

TEST_F(VideoIndexCache, ThatCannotBeWrittenIsAnError) {
  write_file(cache(), "a file where the folder is to be");
  EXPECT_THAT(error_text([&] { read(); }), StartsWith("AtomicFile: cannot create "));
  std::filesystem::remove(cache());
  EXPECT_TRUE(right_on_a_full_disk(100, [&] {
    return error_text([&] { read(); }).starts_with("AtomicFile: cannot write ") &&
           count_files(cache()) == 0;
  }));
}

TEST_F(VideoIndexCache, MayBeWrittenByManyAtOnce) {
  std::vector<std::string> problems(8);
  std::vector<std::thread> threads;
  for (std::string& problem : problems) {
    threads.emplace_back([&] { problem = error_text([&] { EXPECT_EQ(read().size(), 10); }); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(problems, std::vector<std::string>(8, "no error"));
  EXPECT_EQ(count_files(cache()), 1U);
}

}  // namespace
}  // namespace lightly::media
