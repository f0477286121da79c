#include "lightly/data/dump_frames.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/media/encoded_image.hpp"
#include "lightly/transforms/functional.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace fs = std::filesystem;

// Videos of 12 and 10 frames, in a sub-folder and beside it.
class DumpedVideos : public TemporaryFolder {
 public:
  DumpedVideos() {
    const fs::path clips = fs::path(LIGHTLY_TESTS_DIR) / "data" / "video" / "torchcodec";
    fs::create_directories(root() / "park");
    fs::copy_file(clips / "test_non_zero_start.mp4", root() / "park" / "a.b.mp4");
    fs::copy_file(clips / "h265_video.mp4", root() / "hall.MP4");
  }

  fs::path root() const { return *this / "videos"; }
  fs::path out() const { return *this / "out"; }
};

std::vector<std::string> names_of(const FoundFrames& found) {
  std::vector<std::string> names;
  for (const FrameFile& frame : found.frames) {
    names.push_back(frame.name);
  }
  return names;
}

std::string reason_of(const VideoDataset& videos, const std::string& name) {
  const FoundFrames found = find_frames(videos, {name});
  return found.unknown.size() == 1 ? found.unknown[0].reason : "found";
}

std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_directory()) {
      files.push_back(fs::relative(entry.path(), folder).string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(FindFrames, KnowsTheDataSetsNamesAndThoseWithoutAStem) {
  const DumpedVideos folder;
  const VideoDataset videos(folder.root());
  const std::vector<std::string> names{"park/a.b-11-mp4.png", "hall-03-MP4.png", "07-mp4.png",
                                       "park/a.b-11-mp4.png"};
  const FoundFrames found = find_frames(videos, names);
  EXPECT_THAT(found.unknown, IsEmpty());
  EXPECT_THAT(names_of(found), ElementsAre(names[0], names[1], names[2]));
  for (const FrameFile& frame : found.frames) {
    EXPECT_THAT(videos.file_name(frame.index), HasSubstr(frame.name));
  }
}

TEST(FindFrames, SaysWhyANameIsUnknown) {
  const DumpedVideos folder;
  const VideoDataset videos(folder.root());
  EXPECT_EQ(reason_of(videos, "park/a.b-12-mp4.png"), "park/a.b.mp4 has frames 0 to 11");
  EXPECT_EQ(reason_of(videos, "park/a.b-7-mp4.png"),
            "park/a.b.mp4 has 12 frames, so that this one's name is park/a.b-07-mp4.png");
  for (const char* name :
       {"", "..", "../park/a.b-07-mp4.png", "/etc/passwd", "7-mp4.png", "-7-mp4.png", "12-mp4.png",
        "07-mp4.jpg", "07-mp4", "99999999999999999999-mp4.png", "a.b-07-mp4.png", "007-mp4.png"}) {
    EXPECT_EQ(reason_of(videos, name), "no video has such a frame") << name;
  }
}

TEST(FindFrames, ANameThatFitsSeveralVideosIsUnknown) {
  const DumpedVideos folder;
  fs::copy_file(folder.root() / "park" / "a.b.mp4", folder.root() / "again.mp4");
  const VideoDataset videos(folder.root());
  EXPECT_EQ(reason_of(videos, "07-mp4.png"), "it may be again-07-mp4.png, park/a.b-07-mp4.png");
}

TEST(SelectFrames, ByNumberEveryNthAndByTime) {
  const DumpedVideos folder;
  const VideoDataset videos(folder.root());
  FoundFrames found = select_frames(videos, {.indices = std::vector<std::int64_t>{10, 1, 1}});
  EXPECT_THAT(names_of(found),
              ElementsAre("hall-01-MP4.png", "park/a.b-01-mp4.png", "park/a.b-10-mp4.png"));
  ASSERT_THAT(found.unknown, SizeIs(1));
  EXPECT_EQ(found.unknown[0].name, "hall.MP4, frame 10");
  EXPECT_EQ(found.unknown[0].reason, "it has frames 0 to 9");
  found = select_frames(videos, {.every = 6});
  EXPECT_THAT(names_of(found), ElementsAre("hall-00-MP4.png", "hall-06-MP4.png",
                                           "park/a.b-00-mp4.png", "park/a.b-06-mp4.png"));
  // Ten frames a second, and thirty.
  found = select_frames(videos, {.fps = 5.0});
  EXPECT_THAT(names_of(found), ElementsAre("hall-00-MP4.png", "hall-02-MP4.png", "hall-04-MP4.png",
                                           "hall-06-MP4.png", "hall-08-MP4.png",
                                           "park/a.b-00-mp4.png", "park/a.b-06-mp4.png"));
  found = select_frames(videos, {.fps = 1000.0});
  EXPECT_THAT(found.frames, SizeIs(22));
  found = select_frames(videos, {.fps = 0.01});
  EXPECT_THAT(names_of(found), ElementsAre("hall-00-MP4.png", "park/a.b-00-mp4.png"));
}

TEST(SelectedFrames, AreThoseOfOneVideo) {
  const DumpedVideos folder;
  const media::VideoIndex video = media::read_video_index(folder.root() / "hall.MP4");
  EXPECT_THAT(selected_frames(video, {.every = 4}), ElementsAre(0, 4, 8));
  EXPECT_THAT(selected_frames(video, {.fps = 2.5}), ElementsAre(0, 4, 8));
  EXPECT_THAT(selected_frames(video, {.indices = std::vector<std::int64_t>{10, 1, 1}}),
              ElementsAre(1, 10));
  EXPECT_EQ(error_text([&] { selected_frames(video, {}); }),
            "FrameSelection: one of indices, every and fps must be set, got 0");
}

TEST(SelectFrames, RejectsNoneAndSeveral) {
  EXPECT_EQ(error_text([] { FrameSelection().check(); }),
            "FrameSelection: one of indices, every and fps must be set, got 0");
  EXPECT_EQ(error_text([] { FrameSelection{.every = 2, .fps = 1.0}.check(); }),
            "FrameSelection: one of indices, every and fps must be set, got 2");
  EXPECT_THAT(error_text([] { FrameSelection{.every = 0}.check(); }),
              HasSubstr("every must be >= 1"));
  EXPECT_THAT(error_text([] { FrameSelection{.fps = NAN}.check(); }), HasSubstr("fps must be > 0"));
}

TEST(DumpFrames, WritesEachFrameUnderItsNameForAnyOrderAndNumberOfThreads) {
  const DumpedVideos folder;
  const VideoDataset videos(folder.root());
  std::vector<FrameFile> frames = select_frames(videos, {.every = 1}).frames;
  std::reverse(frames.begin(), frames.end());
  std::swap(frames[2], frames[17]);
  for (const std::int64_t threads : {1, 4}) {
    const fs::path out = folder.out() / std::to_string(threads);
    std::int64_t calls = 0;
    const DumpFramesReport report = dump_frames(
        videos, frames, out,
        {.num_threads = threads, .progress = [&](std::int64_t done, std::int64_t total) {
           EXPECT_EQ(done, ++calls);
           EXPECT_EQ(total, 22);
         }});
    EXPECT_EQ(report.written, 22);
    EXPECT_EQ(calls, 22);
    EXPECT_THAT(files_below(out), SizeIs(22));
    for (std::int64_t index = 0; index < videos.size(); ++index) {
      const at::Tensor image = media::read_encoded_image(out / videos.file_name(index)).decode();
      EXPECT_TRUE(tensors_equal(image, videos.get(index).image)) << videos.file_name(index);
    }
  }
}

TEST(DumpFrames, GoesOnWhereItWasCutOff) {
  const DumpedVideos folder;
  const VideoDataset videos(folder.root());
  const std::vector<FrameFile> frames = select_frames(videos, {.every = 4}).frames;
  EXPECT_EQ(dump_frames(videos, {frames[1]}, folder.out()).written, 1);
  std::ofstream(folder.out() / frames[0].name) << "mine";
  DumpFramesReport report = dump_frames(videos, frames, folder.out());
  EXPECT_EQ(report.written, static_cast<std::int64_t>(frames.size()) - 2);
  EXPECT_EQ(report.kept, 2);
  EXPECT_EQ(fs::file_size(folder.out() / frames[0].name), 4U);
  report = dump_frames(videos, frames, folder.out(), {.existing = ExistingFiles::kReplace});
  EXPECT_EQ(report.kept, 0);
  EXPECT_GT(fs::file_size(folder.out() / frames[0].name), 4U);
}

TEST(DumpFrames, WritesJpegAndOtherSizes) {
  const DumpedVideos folder;
  const VideoDataset videos(folder.root());
  const std::vector<FrameFile> frames{{.index = 12, .name = "x/first-mp4.png"}};
  dump_frames(videos, frames, folder.out(),
              {.format = DumpFormat::kJpeg, .jpeg_quality = 95, .shorter_side = 56});
  ASSERT_THAT(files_below(folder.out()), ElementsAre("x/first-mp4.jpg"));
  const at::Tensor image = media::read_encoded_image(folder.out() / "x" / "first-mp4.jpg").decode();
  const at::Tensor expected =
      transforms::functional::resize(videos.get(12).image, {image.size(1), image.size(2)});
  EXPECT_EQ(std::min(image.size(1), image.size(2)), 56);
  EXPECT_LT((image.to(torch::kInt) - expected.to(torch::kInt))
                .abs()
                .to(torch::kFloat)
                .mean()
                .item<float>(),
            4.0F);
}

TEST(DumpFrames, NothingLeavesTheFolder) {
  const DumpedVideos folder;
  const VideoDataset videos(folder.root());
  for (const char* name : {"../x.png", "/tmp/x.png", "a/../../x.png", "", ".", "a//b.png"}) {
    EXPECT_EQ(error_text([&] { dump_frames(videos, {{.index = 0, .name = name}}, folder.out()); }),
              std::string("dump_frames: names must stay inside output_dir, got ") + name);
  }
  EXPECT_FALSE(fs::exists(folder.out()));
  fs::create_directories(folder.out());
  fs::create_directories(folder / "elsewhere");
  fs::create_directory_symlink(folder / "elsewhere", folder.out() / "park");
  const DumpFramesReport report =
      dump_frames(videos, select_frames(videos, {.every = 6}).frames, folder.out());
  EXPECT_EQ(report.written, 2);
  ASSERT_THAT(report.failed, SizeIs(2));
  EXPECT_EQ(report.failed[0].name, "park/a.b-00-mp4.png");
  EXPECT_THAT(report.failed[0].reason, HasSubstr("there is a link or a file"));
  EXPECT_TRUE(fs::is_empty(folder / "elsewhere"));
}

TEST(DumpFrames, AVideoThatIsGoneFailsAloneWithItsName) {
  const DumpedVideos folder;
  const VideoDataset videos(folder.root());
  fs::remove(folder.root() / "hall.MP4");
  const DumpFramesReport report =
      dump_frames(videos, select_frames(videos, {.every = 6}).frames, folder.out());
  EXPECT_EQ(report.written, 2);
  ASSERT_THAT(report.failed, SizeIs(2));
  EXPECT_THAT(report.failed[0].reason, HasSubstr("hall.MP4"));
}

TEST(DumpFrames, RejectsWhatItCannotDo) {
  const DumpedVideos folder;
  const VideoDataset videos(folder.root());
  const auto error = [&](const std::vector<FrameFile>& frames, const DumpFramesOptions& options) {
    return error_text([&] { dump_frames(videos, frames, folder.out(), options); });
  };
  EXPECT_EQ(error({{.index = 22, .name = "a.png"}}, {}),
            "dump_frames: index must be in [0, 22), got 22");
  EXPECT_EQ(error({{.index = 0, .name = "a.png"}, {.index = 1, .name = "a.png"}}, {}),
            "dump_frames: each file must have one name, got twice a.png");
  EXPECT_EQ(error({}, {.jpeg_quality = 0}), "dump_frames: jpeg_quality must be in [1, 100], got 0");
  EXPECT_THAT(error({}, {.shorter_side = 0}), HasSubstr("shorter_side must be >= 1"));
  EXPECT_THAT(error({}, {.num_threads = -1}), HasSubstr("num_threads must be >= 0"));
}

}  // namespace
}  // namespace lightly::data
