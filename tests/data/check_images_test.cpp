#include "lightly/data/check_images.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "data/image_folder.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::large_test_data;
using lightly::testing::read_file;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Names = std::vector<std::string>;

// Thirty images, of which every third cannot be loaded.
void fill(const ImageFolder& folder) {
  for (int i = 10; i < 40; ++i) {
    const std::string name = (i % 2 == 0 ? "a/" : "b/x/") + std::to_string(i) + ".png";
    folder.add_image(name, i);
    if (i % 3 == 0) {
      folder.add(name, read_file(folder / name).substr(0, 20));
    }
  }
}

TEST(CheckImages, SaysWhichCannotBeLoadedAndWhy) {
  const ImageFolder folder;
  folder.add_image("a/good.png", 1);
  folder.add("a/empty.png");
  folder.add("a/text.jpg", "no image at all");
  folder.link("a/gone.png", "nowhere");
  const CheckImagesReport report = check_images(folder.path());
  EXPECT_THAT(report.healthy, ElementsAre("a/good.png"));
  ASSERT_EQ(report.corrupt.size(), 3U);
  EXPECT_EQ(report.corrupt[0].name, "a/empty.png");
  EXPECT_EQ(report.corrupt[0].reason,
            "read_encoded_image: " + (folder / "a/empty.png").string() + ": the file is empty");
  EXPECT_EQ(report.corrupt[1].name, "a/gone.png");
  EXPECT_THAT(report.corrupt[1].reason, HasSubstr("No such file or directory"));
  EXPECT_EQ(report.corrupt[2].name, "a/text.jpg");
  EXPECT_THAT(report.corrupt[2].reason, HasSubstr("cannot decode"));
}

TEST(CheckImages, FindsTheSameForAnyNumberOfThreads) {
  const ImageFolder folder;
  fill(folder);
  const CheckImagesReport one = check_images(folder.path(), {.num_workers = 1});
  EXPECT_EQ(one.healthy.size(), 20U);
  EXPECT_EQ(one.healthy[0], "a/10.png");
  EXPECT_EQ(one.corrupt.size(), 10U);
  EXPECT_EQ(one.corrupt[0].name, "a/12.png");
  for (const std::int64_t num_workers : {0, 2, 3, 8, 100}) {
    const CheckImagesReport many = check_images(folder.path(), {.num_workers = num_workers});
    EXPECT_EQ(many.healthy, one.healthy) << num_workers;
    ASSERT_EQ(many.corrupt.size(), one.corrupt.size()) << num_workers;
    for (std::size_t i = 0; i < one.corrupt.size(); ++i) {
      EXPECT_EQ(many.corrupt[i].name, one.corrupt[i].name);
      EXPECT_EQ(many.corrupt[i].reason, one.corrupt[i].reason);
    }
  }
}

TEST(CheckImages, ReportsEveryImageOnceAndOneAtATime) {
  const ImageFolder folder;
  fill(folder);
  std::vector<std::int64_t> seen;
  check_images(folder.path(),
               {.num_workers = 4, .progress = [&](std::int64_t done, std::int64_t all) {
                  EXPECT_EQ(all, 30);
                  seen.push_back(done);
                }});
  ASSERT_EQ(seen.size(), 30U);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i], static_cast<std::int64_t>(i + 1));
  }
}

TEST(CheckImages, EndsWithWhatItsCallbackThrows) {
  const ImageFolder folder;
  fill(folder);
  for (const std::int64_t num_workers : {1, 3}) {
    int calls = 0;
    const auto stop = [&](std::int64_t done, std::int64_t) {
      ++calls;
      if (done == 5) {
        throw std::runtime_error("enough");
      }
    };
    EXPECT_EQ(error_text([&] {
                check_images(folder.path(), {.num_workers = num_workers, .progress = stop});
              }),
              "enough");
    EXPECT_EQ(calls, 5);
  }
}

TEST(CheckImages, ChecksWhatTheDataSetsOptionsSay) {
  const ImageFolder folder;
  folder.add_image("a/1.png", 1);
  folder.add_image("a/2.png", 1);
  folder.add("empty/notes.txt");
  EXPECT_EQ(check_images(folder.path()).healthy.size(), 2U);
  LightlyDatasetOptions options{.filenames = Names{"a/2.png"},
                                .empty_classes = EmptyClasses::kLeaveOut,
                                .image = {.max_pixels = 11}};
  const CheckImagesReport report = check_images(folder.path(), {.dataset = options});
  EXPECT_TRUE(report.healthy.empty());
  ASSERT_EQ(report.corrupt.size(), 1U);
  EXPECT_THAT(report.corrupt[0].reason, HasSubstr("at most 11 pixels"));
}

TEST(CheckImages, RefusesWrongOptionsAndFolders) {
  EXPECT_EQ(error_text([] { check_images("/nonexistent"); }),
            "LightlyDataset: the input directory /nonexistent does not exist");
  EXPECT_EQ(error_text([] { check_images("x", {.num_workers = -1}); }),
            "check_images: num_workers must be >= 0, got -1");
  const ImageFolder folder;
  EXPECT_THAT(error_text([&] { check_images(folder.path()); }), HasSubstr("found 0 files"));
}

TEST(CheckImages, RealPhotosAreHealthy) {
  const std::filesystem::path folder = large_test_data();
  if (folder.empty()) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA is not set";
  }
  const CheckImagesReport report = check_images(folder / "native_photos");
  EXPECT_EQ(report.healthy.size(), 64U);
  EXPECT_TRUE(report.corrupt.empty());
}

}  // namespace
}  // namespace lightly::data
