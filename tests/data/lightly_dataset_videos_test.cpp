// A folder of videos as a LightlyDataset.

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "data/video_folder.hpp"
#include "lightly/data/check_images.hpp"
#include "lightly/data/lightly_dataset.hpp"
#include "lightly/data/lightly_subset.hpp"
#include "lightly/data/video_dataset.hpp"
#include "lightly/media/image_io.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::count_files;
using lightly::testing::error_text;
using lightly::testing::read_file;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Names = std::vector<std::string>;

// Two videos beside and below images, which do not count.
struct MixedFolder : VideoFolder {
  MixedFolder() {
    add_image("1.png", 1);
    add_image("x/2.png", 2);
    add_video("x/y/a.mp4", kManyKeys);
    add_video("b.AVI", kFewKeys);
  }
};

TEST(LightlyDatasetOfVideos, IsItsVideoDataset) {
  const MixedFolder folder;
  const LightlyDataset dataset(folder.path());
  const VideoDataset videos(folder.path());
  ASSERT_EQ(dataset.size(), 35);
  ASSERT_NE(dataset.videos(), nullptr);
  EXPECT_EQ(dataset.get_filenames(), names_of(videos));
  EXPECT_THAT(dataset.classes(), ElementsAre("b.AVI", "x/y/a.mp4"));
  EXPECT_THAT(dataset.class_to_idx(), ElementsAre(Pair("b.AVI", 0), Pair("x/y/a.mp4", 1)));
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const Sample sample = dataset.get(i);
    const Sample expected = videos.get(i);
    EXPECT_EQ(sample.target, expected.target);
    EXPECT_EQ(dataset.target(i), expected.target);
    EXPECT_EQ(sample.file_name, expected.file_name);
    EXPECT_EQ(sample.index, i);
    EXPECT_EQ(dataset.index_of(sample.file_name), i);
    ASSERT_TRUE(tensors_equal(sample.image, expected.image));
  }
  EXPECT_EQ(dataset.path(30), folder / "x/y/a.mp4");
  EXPECT_EQ(dataset.index_of("1.png"), std::nullopt);
  EXPECT_EQ(error_text([&] { dataset.get(35); }),
            "LightlyDataset: index must be in [0, 35), got 35");
  const LightlySubset subset(std::make_shared<LightlyDataset>(folder.path()), {"x/y/a-03-mp4.png"});
  EXPECT_TRUE(tensors_equal(subset.get(0).image, videos.get(28).image));
}

TEST(LightlyDatasetOfVideos, TakesFilenamesAndNamesOfTheCallers) {
  const MixedFolder folder;
  const LightlyDataset dataset(
      folder.path(), {.filenames = Names{"x/y/a-05-mp4.png", "b-24-AVI.png"},
                      .index_to_filename = [](const std::string& path, std::int64_t index) {
                        return std::to_string(index) + ":" + path;
                      }});
  EXPECT_THAT(dataset.get_filenames(), ElementsAre("0:b-24-AVI.png", "1:x/y/a-05-mp4.png"));
  EXPECT_EQ(dataset.get(1).file_name, "1:x/y/a-05-mp4.png");
  EXPECT_EQ(dataset.index_of("1:x/y/a-05-mp4.png"), 1);
  EXPECT_THAT(
      error_text([&] { LightlyDataset(folder.path(), {.filenames = Names{"1.png"}}); }),
      HasSubstr("filenames must be in " + folder.path().string() + ", got 1 that are not: 1.png"));
}

TEST(LightlyDatasetOfVideos, WithOptionsOfTheVideos) {
  const MixedFolder folder;
  folder.add("c.mp4", "text");
  EXPECT_THAT(error_text([&] { LightlyDataset(folder.path()); }), HasSubstr("c.mp4"));
  const LightlyDataset dataset(std::make_shared<const VideoDataset>(
      folder.path(),
      VideoDatasetOptions{.reader = {.height = 20, .width = 30}, .bad_videos = BadVideos::kSkip}));
  EXPECT_EQ(dataset.input_dir(), folder.path());
  EXPECT_EQ(dataset.get(34).image.size(1), 20);
  EXPECT_EQ(error_text([] { LightlyDataset(std::shared_ptr<const VideoDataset>()); }),
            "LightlyDataset: videos must not be null");
}

TEST(LightlyDatasetOfVideos, DumpGivesEachNameItsOwnFrame) {
  const MixedFolder folder;
  const lightly::testing::TemporaryFolder output;
  const LightlyDataset dataset(folder.path());
  const DumpReport report = dataset.dump(
      output / "frames",
      {.filenames = Names{"x/y/a-07-mp4.png", "none.png", "b-11-AVI.png", "x/y/a-02-mp4.png"}});
  EXPECT_EQ(report.written, 3);
  EXPECT_THAT(report.missing, ElementsAre("none.png"));
  for (const std::string name : {"x/y/a-07-mp4.png", "b-11-AVI.png", "x/y/a-02-mp4.png"}) {
    EXPECT_TRUE(tensors_equal(media::load_image(output / ("frames/" + name)),
                              dataset.get(*dataset.index_of(name)).image));
    EXPECT_THAT(read_file(output / ("frames/" + name)), StartsWith("\x89PNG"));
  }
  EXPECT_EQ(count_files(output / "frames/x/y"), 2U);
  dataset.dump(output / "jpegs", {.format = DumpFormat::kJpeg});
  EXPECT_EQ(count_files(output / "jpegs"), 26U);
  EXPECT_THAT(read_file(output / "jpegs/b-00-AVI.png"), StartsWith("\xff\xd8"));
  std::filesystem::remove(folder / "b.AVI");
  EXPECT_THAT(dataset.dump(output / "later", {.filenames = Names{"b-11-AVI.png"}}).missing,
              ElementsAre("b-11-AVI.png"));
}

TEST(LightlyDatasetOfVideos, DumpStaysInItsFolder) {
  const MixedFolder folder;
  const lightly::testing::TemporaryFolder output;
  const LightlyDataset outside(folder.path(),
                               {.index_to_filename = [](const std::string&, std::int64_t index) {
                                 return "../" + std::to_string(index) + ".png";
                               }});
  EXPECT_THAT(error_text([&] { outside.dump(output / "frames"); }),
              HasSubstr("names must stay inside output_dir, got ../0.png"));
  EXPECT_EQ(count_files(output.path()), 0U);
  const LightlyDataset dataset(folder.path());
  EXPECT_THAT(error_text([&] { dataset.dump(folder.path()); }),
              HasSubstr("output_dir must not be the data set's own folder"));
}

TEST(LightlyDatasetOfVideos, CheckImagesDecodesTheFrames) {
  const MixedFolder folder;
  const CheckImagesReport report = check_images(folder.path(), {.num_workers = 2});
  EXPECT_THAT(report.healthy, SizeIs(35));
  EXPECT_THAT(report.corrupt, IsEmpty());
}

}  // namespace
}  // namespace lightly::data
