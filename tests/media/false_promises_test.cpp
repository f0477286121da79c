// Files whose headers promise far more than there is.

#include <bit>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lightly/media/video_reader.hpp"
#include "media/plain_video.hpp"
#include "media/video_files.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::all_frames;
using lightly::testing::clip;
using lightly::testing::error_text;
using lightly::testing::plain_hashes;
using lightly::testing::read_file;
using lightly::testing::reads;
using lightly::testing::remux;
using lightly::testing::TemporaryFolder;
using lightly::testing::write_file;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::uint32_t kPromised = 1'000'000'000;

// A number of four bytes, `offset` bytes behind the first `mark`, becomes `value`.
struct Patch {
  std::string mark;
  std::size_t offset = 0;
  std::uint32_t value = kPromised;
};

std::string patched(std::string bytes, const std::vector<Patch>& patches, std::endian order) {
  for (const Patch& patch : patches) {
    const std::size_t at = bytes.find(patch.mark);
    EXPECT_NE(at, std::string::npos) << patch.mark;
    for (std::size_t i = 0; i < 4 && at != std::string::npos; ++i) {
      const std::size_t shift = 8 * (order == std::endian::big ? 3 - i : i);
      bytes[at + patch.mark.size() + patch.offset + i] = static_cast<char>(patch.value >> shift);
    }
  }
  return bytes;
}

// Passes when the most memory that a process ever had grows by at most `bytes` in `callable`. In a
// child, as what tests before this one had would hide it.
::testing::AssertionResult grows_at_most(std::int64_t bytes,
                                         const std::function<void()>& callable) {
  const auto peak_bytes = [] {
    rusage usage = {};
    ::getrusage(RUSAGE_SELF, &usage);
    return std::int64_t{usage.ru_maxrss} * 1024;
  };
  int ends[2] = {};
  if (::pipe(ends) != 0) {
    return ::testing::AssertionFailure() << "no pipe";
  }
  const pid_t child = ::fork();
  if (child == 0) {
    const std::int64_t before = peak_bytes();
    callable();
    const std::int64_t growth = peak_bytes() - before;
    ::_exit(::write(ends[1], &growth, sizeof(growth)) == sizeof(growth) ? 0 : 1);
  }
  ::close(ends[1]);
  std::int64_t growth = 0;
  const bool is_told = ::read(ends[0], &growth, sizeof(growth)) == sizeof(growth);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!is_told || status != 0) {
    return ::testing::AssertionFailure() << "the child's wait status is " << status;
  }
  return growth <= bytes
             ? ::testing::AssertionSuccess()
             : ::testing::AssertionFailure() << "memory grows by " << (growth >> 20) << " MiB";
}

// In little memory an error that names the file, or frames; then all are those of a plain decode.
// Returns how many.
std::int64_t expect_frames_or_error(const std::filesystem::path& video) {
  SCOPED_TRACE(video.filename());
  constexpr std::int64_t kMostBytes = std::int64_t{100} << 20;
  EXPECT_TRUE(grows_at_most(kMostBytes, [&] { error_text([&] { VideoReader reader(video); }); }));
  std::optional<VideoReader> reader;
  const std::string text = error_text([&] { reader.emplace(video); });
  if (!reader.has_value()) {
    EXPECT_THAT(text, StartsWith("VideoIndex: cannot "));
    EXPECT_THAT(text, HasSubstr(" " + video.string() + ": "));
    return 0;
  }
  const std::vector<std::size_t> expected = plain_hashes(video);
  EXPECT_EQ(reader->size(), static_cast<std::int64_t>(expected.size()));
  EXPECT_TRUE(reads(*reader, all_frames(*reader), expected));
  return reader->size();
}

TEST(FalsePromises, TablesOfMp4ThatClaimMoreAreErrorsOrTheFramesThatAreThere) {
  const TemporaryFolder folder;
  const std::string bytes = read_file(clip("bt601_full_range.mp4"));
  const auto expect = [&](const std::vector<Patch>& patches, std::int64_t frames) {
    write_file(folder / "x.mp4", patched(bytes, patches, std::endian::big));
    EXPECT_EQ(expect_frames_or_error(folder / "x.mp4"), frames) << patches[0].mark;
  };
  expect({{"stts", 4}}, 0);    // times
  expect({{"stts", 8}}, 60);   // samples of the first time
  expect({{"stsz", 8}}, 0);    // sizes
  expect({{"stsc", 4}}, 0);    // runs of chunks
  expect({{"stsc", 12}}, 60);  // samples a chunk
  expect({{"stco", 4}}, 0);    // chunks
  expect({{"stts", 4}, {"stts", 8}, {"stsz", 8}, {"stsc", 4}, {"stsc", 12}, {"stco", 4}}, 0);
}

// No table backs the number then: FFmpeg alone takes 5 GB for the second.
TEST(FalsePromises, SamplesOfOneSizeThatTheFileHasNoRoomForAreAnError) {
  const TemporaryFolder folder;
  const std::string bytes = read_file(clip("bt601_full_range.mp4"));
  const std::filesystem::path video = folder / "x.mp4";
  for (const std::uint32_t count : {kPromised, 80'000'000U, 10'000'000U, 73'328U}) {
    for (const std::uint32_t size : {1U, 100U, 100'000U}) {
      write_file(
          video,
          patched(bytes,
                  {{"stts", 8, count}, {"stsz", 4, size}, {"stsz", 8, count}, {"stsc", 12, count}},
                  std::endian::big));
      EXPECT_EQ(expect_frames_or_error(video), 0);
      EXPECT_EQ(error_text([&] { read_video_index(video); }),
                "VideoIndex: cannot open " + video.string() + ": its tables promise " +
                    std::to_string(count) + " samples in a file of 73327 bytes");
    }
  }
}

TEST(FalsePromises, FragmentsThatTheFileHasNoRoomForAreAnError) {
  const TemporaryFolder folder;
  ASSERT_TRUE(remux(clip("bt601_full_range.mp4"), folder / "whole.mp4",
                    {.format = "mp4", .mov_flags = "frag_keyframe+empty_moov"}));
  const std::string bytes = read_file(folder / "whole.mp4");
  EXPECT_EQ(expect_frames_or_error(folder / "whole.mp4"), 60);
  const std::filesystem::path video = folder / "x.mp4";
  for (const std::uint32_t count : {kPromised, 80'000'000U}) {
    const std::vector<Patch> with_sizes = {{"trun", 4, count}};
    const std::vector<Patch> without = {{"trun", 0, 1}, {"trun", 4, count}};
    for (const std::vector<Patch>& patches : {with_sizes, without}) {
      write_file(video, patched(bytes, patches, std::endian::big));
      EXPECT_EQ(expect_frames_or_error(video), 0);
      EXPECT_THAT(error_text([&] { read_video_index(video); }),
                  HasSubstr(": its tables promise " + std::to_string(count) + " samples in "));
    }
  }
}

TEST(FalsePromises, OtherContainersGiveTheFramesThatAreThere) {
  const TemporaryFolder folder;
  const auto expect = [&](const std::string& name, const std::string& format,
                          const std::vector<Patch>& patches, std::endian order,
                          std::int64_t frames) {
    const std::filesystem::path video = folder / ("x." + format);
    ASSERT_TRUE(remux(clip(name), video, {.format = format}));
    write_file(video, patched(read_file(video), patches, order));
    EXPECT_EQ(expect_frames_or_error(video), frames) << patches[0].mark;
  };
  const char* mpeg2 = "testsrc2_odd_height_and_width_mpeg2.mp4";
  // Frames of the file, frames of the stream, bytes of the table.
  expect(mpeg2, "avi", {{"avih", 20}}, std::endian::little, 10);
  expect(mpeg2, "avi", {{"strh", 36}}, std::endian::little, 10);
  expect(mpeg2, "avi", {{"idx1", 0}}, std::endian::little, 10);
  expect(mpeg2, "avi", {{"avih", 20}, {"strh", 36}, {"idx1", 0}}, std::endian::little, 10);
  expect("av1_video.mkv", "ivf", {{"DKIF", 20}}, std::endian::little, 125);
  // The first half of a double: seconds of FLV, ticks of Matroska.
  expect("bt601_full_range.mp4", "flv", {{"duration", 1, 0x430C6BF5}}, std::endian::big, 60);
  expect("bt601_full_range.mp4", "matroska", {{"\x44\x89\x88", 0, 0x430C6BF5}}, std::endian::big,
         60);
}

}  // namespace
}  // namespace lightly::media
