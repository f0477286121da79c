#include <memory>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "data/image_folder.hpp"
#include "lightly/core/random.hpp"
#include "lightly/data/lightly_dataset.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::count_files;
using lightly::testing::error_text;
using lightly::testing::read_file;
using lightly::testing::right_on_a_full_disk;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;

// Relative paths of all that is no folder.
std::set<std::string> files_below(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_directory()) {
      names.insert(entry.path().lexically_relative(folder).string());
    }
  }
  return names;
}

// Files whose bytes say which they are.
std::unique_ptr<ImageFolder> folder_of(const Names& names) {
  auto folder = std::make_unique<ImageFolder>();
  for (const std::string& name : names) {
    folder->add(name, "bytes of " + name);
  }
  return folder;
}

TEST(Dump, CopiesEveryFileUnderItsName) {
  const Names names{"a/1.png", "a/x/y/2.JPG", "b/\xff\n.png"};
  const std::unique_ptr<ImageFolder> folder = folder_of(names);
  const TemporaryFolder out;
  const LightlyDataset dataset(folder->path());
  const DumpReport report = dataset.dump(out / "deep/copy");
  EXPECT_EQ(report.written, 3);
  EXPECT_THAT(report.missing, IsEmpty());
  EXPECT_EQ(files_below(out / "deep/copy"), std::set<std::string>(names.begin(), names.end()));
  for (const std::string& name : names) {
    EXPECT_EQ(read_file(out.path() / "deep/copy" / name), "bytes of " + name);
  }
  EXPECT_EQ(LightlyDataset(out / "deep/copy").get_filenames(), dataset.get_filenames());
}

// Where lightly pairs the names with the wrong images: not sorted, not in the data set's order,
// some missing.
TEST(Dump, GivesEachNameItsOwnBytesHoweverTheyAreAsked) {
  core::Random random(3);
  Names names;
  for (int i = 0; i < 40; ++i) {
    names.push_back("c" + std::to_string(i % 12) + "/" + std::to_string(i) + ".png");
  }
  const std::unique_ptr<ImageFolder> folder = folder_of(names);
  const LightlyDataset dataset(folder->path());
  for (int trial = 0; trial < 6; ++trial) {
    Names asked;
    std::set<std::string> expected;
    Names missing;
    for (const std::int64_t i : random.permutation(40)) {
      if (random.bernoulli(0.3)) {
        asked.push_back(names[static_cast<std::size_t>(i)]);
        expected.insert(asked.back());
      }
      if (random.bernoulli(0.2)) {
        asked.push_back("c" + std::to_string(i) + "/none.png");
        missing.push_back(asked.back());
      }
    }
    const TemporaryFolder out;
    const DumpReport report = dataset.dump(out.path(), {.filenames = asked});
    EXPECT_EQ(report.written, static_cast<std::int64_t>(expected.size()));
    EXPECT_EQ(report.missing, missing);
    EXPECT_EQ(files_below(out.path()), expected);
    for (const std::string& name : expected) {
      EXPECT_EQ(read_file(out / name), "bytes of " + name);
    }
  }
}

TEST(Dump, NamesOfOnesOwnGetTheirOwnFiles) {
  const std::unique_ptr<ImageFolder> folder = folder_of({"a/1.png", "a/2.png", "b/1.png"});
  const LightlyDataset dataset(folder->path(),
                               {.index_to_filename = [](const std::string&, std::int64_t index) {
                                 return "n" + std::to_string(2 - index) + "/image.png";
                               }});
  const TemporaryFolder out;
  EXPECT_EQ(dataset.dump(out.path(), {.filenames = Names{"n1/image.png", "a/1.png"}}).missing,
            Names{"a/1.png"});
  EXPECT_EQ(read_file(out / "n1/image.png"), "bytes of a/2.png");
  dataset.dump(out.path());
  EXPECT_EQ(read_file(out / "n2/image.png"), "bytes of a/1.png");
  EXPECT_EQ(read_file(out / "n0/image.png"), "bytes of b/1.png");
}

TEST(Dump, ANameAskedTwiceIsWrittenOnceAndAnEmptyListNothing) {
  const std::unique_ptr<ImageFolder> folder = folder_of({"a/1.png"});
  const LightlyDataset dataset(folder->path());
  const TemporaryFolder out;
  EXPECT_EQ(dataset.dump(out.path(), {.filenames = Names{"a/1.png", "a/1.png"}}).written, 1);
  EXPECT_EQ(dataset.dump(out / "none", {.filenames = Names{}}).written, 0);
  EXPECT_EQ(count_files(out / "none"), 0U);
}

TEST(Dump, AFileThatIsGoneIsMissing) {
  const std::unique_ptr<ImageFolder> folder = folder_of({"a/1.png", "a/2.png"});
  folder->link("a/3.png", "nowhere");
  const LightlyDataset dataset(folder->path());
  std::filesystem::remove(*folder / "a/1.png");
  const TemporaryFolder out;
  const DumpReport report = dataset.dump(out.path());
  EXPECT_EQ(report.written, 1);
  EXPECT_THAT(report.missing, ElementsAre("a/1.png", "a/3.png"));
  EXPECT_EQ(files_below(out.path()), std::set<std::string>{"a/2.png"});
}

TEST(Dump, EncodesAnewInTheFormatAskedFor) {
  const ImageFolder folder;
  folder.add_image("a/1.png", 100);
  folder.add_image("a/2.jpg", 200);
  const LightlyDataset dataset(folder.path());
  const TemporaryFolder out;
  EXPECT_EQ(dataset.dump(out / "png", {.format = DumpFormat::kPng}).written, 2);
  EXPECT_EQ(dataset.dump(out / "jpg", {.format = DumpFormat::kJpeg, .jpeg_quality = 95}).written,
            2);
  EXPECT_EQ(read_file(out / "png/a/2.jpg").substr(1, 3), "PNG");
  EXPECT_EQ(read_file(out / "jpg/a/1.png").substr(0, 3), "\xff\xd8\xff");
  const LightlyDataset png(out / "png");
  const LightlyDataset jpg(out / "jpg");
  for (std::int64_t i = 0; i < 2; ++i) {
    EXPECT_EQ(png.file_name(i), dataset.file_name(i));
    EXPECT_TRUE(tensors_equal(png.get(i).pixels(), dataset.get(i).pixels()));
    EXPECT_TRUE(lightly::testing::tensors_close(jpg.get(i).pixels(), dataset.get(i).pixels(), 2.0));
  }
}

TEST(Dump, NeverWritesOutsideTheOutput) {
  const std::unique_ptr<ImageFolder> folder = folder_of({"a/1.png", "b/2.png"});
  const TemporaryFolder out;
  for (const std::string name :
       {"../x.png", "a/../../x.png", "/tmp/x.png", "a//x.png", "./x.png", "a/", "", "..", "."}) {
    const LightlyDataset dataset(folder->path(),
                                 {.index_to_filename = [&](const std::string&, std::int64_t index) {
                                   return index == 1 ? name : "good.png";
                                 }});
    EXPECT_EQ(error_text([&] { dataset.dump(out / "out"); }),
              "dump: names must stay inside output_dir, got " + name);
  }
  const LightlyDataset nul(folder->path(),
                           {.index_to_filename = [](const std::string&, std::int64_t index) {
                             return std::string(static_cast<std::size_t>(index + 1), '\0');
                           }});
  EXPECT_THAT(error_text([&] { nul.dump(out / "out"); }), HasSubstr("must stay inside"));
  EXPECT_EQ(count_files(out.path()), 0U);
  // Names that are asked for and lead outside are in no data set.
  const LightlyDataset dataset(folder->path());
  const Names outside{"../a/1.png", "/etc/passwd", "a/../a/1.png"};
  EXPECT_EQ(dataset.dump(out / "out", {.filenames = outside}).missing, outside);
}

TEST(Dump, DoesNotFollowLinksInTheOutput) {
  const std::unique_ptr<ImageFolder> folder = folder_of({"a/1.png", "b/x/2.png"});
  const LightlyDataset dataset(folder->path());
  const ImageFolder out;
  const TemporaryFolder elsewhere;
  std::filesystem::create_directory(out / "b");
  out.link("b/x", elsewhere.path().string());
  EXPECT_EQ(error_text([&] { dataset.dump(out.path()); }),
            "dump: cannot create " + (out / "b/x").string() + ": there is a link or a file");
  EXPECT_EQ(count_files(elsewhere.path()), 0U);
  std::filesystem::remove(out / "b/x");
  out.add("b/x", "a file");
  EXPECT_THAT(error_text([&] { dataset.dump(out.path()); }),
              HasSubstr("there is a link or a file"));
  // A link in the place of a file is replaced.
  std::filesystem::remove(out / "b/x");
  lightly::testing::write_file(elsewhere / "other.png", "of another");
  std::filesystem::remove(out / "a/1.png");
  out.link("a/1.png", (elsewhere / "other.png").string());
  EXPECT_EQ(dataset.dump(out.path()).written, 2);
  EXPECT_EQ(read_file(elsewhere / "other.png"), "of another");
  EXPECT_EQ(read_file(out / "a/1.png"), "bytes of a/1.png");
}

TEST(Dump, RefusesItsOwnFolderAndWhatCannotBeWritten) {
  const std::unique_ptr<ImageFolder> folder = folder_of({"a/1.png"});
  folder->link("again", ".");
  const LightlyDataset dataset(folder->path());
  const std::string own = "dump: output_dir must not be the data set's own folder, got ";
  EXPECT_EQ(error_text([&] { dataset.dump(folder->path()); }), own + folder->path().string());
  EXPECT_EQ(error_text([&] { dataset.dump(*folder / "again"); }),
            own + (*folder / "again").string());
  EXPECT_THAT(error_text([&] { dataset.dump(*folder / "a/1.png"); }),
              HasSubstr("dump: cannot create " + (*folder / "a/1.png").string()));
  EXPECT_EQ(error_text([&] { dataset.dump("out", {.jpeg_quality = 0}); }),
            "dump: jpeg_quality must be in [1, 100], got 0");
  EXPECT_EQ(error_text([&] { dataset.dump("out", {.jpeg_quality = 101}); }),
            "dump: jpeg_quality must be in [1, 100], got 101");
}

TEST(Dump, NeverReplacesAFileOfTheDataSet) {
  const std::unique_ptr<ImageFolder> folder = folder_of({"a/1.png", "a/2.png"});
  // The names are swapped, and in a/ they are the data set's files.
  const LightlyDataset dataset(folder->path(),
                               {.index_to_filename = [](const std::string&, std::int64_t index) {
                                 return std::to_string(2 - index) + ".png";
                               }});
  EXPECT_EQ(
      error_text([&] { dataset.dump(*folder / "a"); }),
      "dump: files of the data set must not be replaced, got " + (*folder / "a/2.png").string());
  EXPECT_EQ(read_file(*folder / "a/1.png"), "bytes of a/1.png");
  EXPECT_EQ(read_file(*folder / "a/2.png"), "bytes of a/2.png");
  EXPECT_EQ(dataset.dump(*folder / "b").written, 2);
  EXPECT_EQ(dataset.dump(*folder / "b").written, 2);
  EXPECT_EQ(read_file(*folder / "b/2.png"), "bytes of a/1.png");
}

TEST(Dump, ADamagedImageIsAnErrorAndLeavesNoFile) {
  const std::unique_ptr<ImageFolder> folder = folder_of({"a/1.png"});
  const LightlyDataset dataset(folder->path());
  const TemporaryFolder out;
  EXPECT_THAT(error_text([&] { dataset.dump(out.path(), {.format = DumpFormat::kPng}); }),
              HasSubstr("cannot decode " + (*folder / "a/1.png").string()));
  EXPECT_THAT(files_below(out.path()), IsEmpty());
}

TEST(Dump, AFullDiskLeavesWholeFilesOnly) {
  const ImageFolder folder;
  folder.add("a/1.png", std::string(500, 'x'));
  folder.add("a/2.png", std::string(5000, 'x'));
  const LightlyDataset dataset(folder.path());
  const TemporaryFolder out;
  EXPECT_TRUE(right_on_a_full_disk(1000, [&] {
    const std::string text = error_text([&] { dataset.dump(out.path()); });
    return text.find("a/2.png: File too large") != std::string::npos;
  }));
  EXPECT_EQ(files_below(out.path()), std::set<std::string>{"a/1.png"});
}

}  // namespace
}  // namespace lightly::data
