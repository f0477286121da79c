#include "lightly/data/cifar10.hpp"

#include <map>

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::large_test_data;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_equal;
using lightly::testing::write_file;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr std::size_t kRecord = 3073;

// A record whose pixel (c, y, x) is a function of all three and of `seed`.
unsigned char pixel(int seed, int c, int y, int x) {
  return static_cast<unsigned char>(seed * 31 + c * 101 + y * 7 + x * 13);
}

std::string record(int label, int seed) {
  std::string bytes(1, static_cast<char>(label));
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 32; ++x) {
        bytes += static_cast<char>(pixel(seed, c, y, x));
      }
    }
  }
  return bytes;
}

using Files = std::map<std::string, std::string>;

// One record in the test batch and one, two, ... five in those to train on.
Files small_files() {
  Files files{{"test_batch.bin", record(3, 0)}, {"batches.meta.txt", "airplane\n"}};
  int seed = 1;
  for (int i = 1; i <= 5; ++i) {
    std::string& bytes = files["data_batch_" + std::to_string(i) + ".bin"];
    for (int k = 0; k < i; ++k) {
      bytes += record(seed % 10, seed);
      ++seed;
    }
  }
  return files;
}

void write_folder(const std::filesystem::path& folder, const Files& files) {
  std::filesystem::create_directories(folder);
  for (const auto& [name, bytes] : files) {
    write_file(folder / name, bytes);
  }
}

enum class Packing { kNone, kGzip, kXz };

void write_archive(const std::filesystem::path& path, Packing packing,
                   const std::vector<std::pair<std::string, std::string>>& files) {
  archive* out = archive_write_new();
  archive_write_set_format_pax_restricted(out);
  if (packing == Packing::kGzip) {
    archive_write_add_filter_gzip(out);
  } else if (packing == Packing::kXz) {
    archive_write_add_filter_xz(out);
  }
  ASSERT_EQ(archive_write_open_filename(out, path.c_str()), ARCHIVE_OK);
  for (const auto& [name, bytes] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    ASSERT_EQ(archive_write_header(out, entry), ARCHIVE_OK);
    ASSERT_EQ(archive_write_data(out, bytes.data(), bytes.size()),
              static_cast<la_ssize_t>(bytes.size()));
    archive_entry_free(entry);
  }
  ASSERT_EQ(archive_write_close(out), ARCHIVE_OK);
  archive_write_free(out);
}

// In reverse order and in an unexpected folder: only the names of the files count.
std::vector<std::pair<std::string, std::string>> in_folder(const Files& files) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (auto it = files.rbegin(); it != files.rend(); ++it) {
    entries.emplace_back("../some/folder/" + it->first, it->second);
  }
  return entries;
}

void expect_small_training_set(const std::filesystem::path& root) {
  const Cifar10 dataset({.root = root, .verify = false});
  ASSERT_EQ(dataset.size(), 15);
  for (int i = 0; i < 15; ++i) {
    const Sample sample = dataset.get(i);
    ASSERT_EQ(sample.target, (i + 1) % 10);
    ASSERT_EQ(sample.index, i);
    const auto value = sample.image.accessor<unsigned char, 3>();
    for (int c = 0; c < 3; ++c) {
      for (int y = 0; y < 32; ++y) {
        for (int x = 0; x < 32; ++x) {
          ASSERT_EQ(value[c][y][x], pixel(i + 1, c, y, x)) << i << " " << c << " " << y << " " << x;
        }
      }
    }
  }
}

std::string load_error(const Cifar10Options& options) {
  return error_text([&] { Cifar10 dataset(options); });
}

TEST(Cifar10, ReadsEveryPixelAndLabelFromAFolderAndFromArchives) {
  const TemporaryFolder folder;
  write_folder(folder / "cifar-10-batches-bin", small_files());
  write_archive(folder / "a.tar.gz", Packing::kGzip, in_folder(small_files()));
  write_archive(folder / "a.tar.xz", Packing::kXz, in_folder(small_files()));
  write_archive(folder / "a.tar", Packing::kNone, in_folder(small_files()));
  expect_small_training_set(folder.path());
  expect_small_training_set(folder / "cifar-10-batches-bin");
  expect_small_training_set(folder / "a.tar.gz");
  expect_small_training_set(folder / "a.tar.xz");
  expect_small_training_set(folder / "a.tar");
}

TEST(Cifar10, ReadingAnArchiveWritesNoFile) {
  const TemporaryFolder folder;
  write_archive(folder / "a.tar.gz", Packing::kGzip, in_folder(small_files()));
  const Cifar10 dataset({.root = folder / "a.tar.gz", .split = Split::kTest, .verify = false});
  EXPECT_EQ(dataset.get(0).target, 3);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Cifar10, ImagesAreChannelsLastViewsOfOneBlockThatOutliveTheDataset) {
  const TemporaryFolder folder;
  write_folder(folder.path(), small_files());
  auto dataset = std::make_unique<Cifar10>(Cifar10Options{.root = folder.path(), .verify = false});
  const at::Tensor image = dataset->get(4).image;
  EXPECT_EQ(image.scalar_type(), at::kByte);
  EXPECT_EQ(image.sizes(), (std::vector<std::int64_t>{3, 32, 32}));
  EXPECT_EQ(image.strides(), (std::vector<std::int64_t>{1, 96, 3}));
  EXPECT_EQ(image.data_ptr(), dataset->get(4).image.data_ptr());
  dataset.reset();
  EXPECT_EQ(image[2][31][30].item<int>(), pixel(5, 2, 31, 30));
}

TEST(Cifar10, FileNamesAreUniqueAndNameTheSplit) {
  const TemporaryFolder folder;
  write_folder(folder.path(), small_files());
  const Cifar10 train({.root = folder.path(), .verify = false});
  const Cifar10 test({.root = folder.path(), .split = Split::kTest, .verify = false});
  EXPECT_EQ(train.get(12).file_name, "train/00012");
  EXPECT_EQ(train.file_name(12), "train/00012");
  EXPECT_EQ(test.file_name(0), "test/00000");
  EXPECT_EQ(Cifar10::class_names()[9], "truck");
}

TEST(Cifar10, RejectsAnIndexOutside) {
  const TemporaryFolder folder;
  write_folder(folder.path(), small_files());
  const Cifar10 dataset({.root = folder.path(), .verify = false});
  EXPECT_THROW(dataset.get(15), c10::IndexError);
  EXPECT_EQ(error_text([&] { dataset.get(-1); }), "Cifar10: index must be in [0, 15), got -1");
}

TEST(Cifar10, SaysWhatIsMissing) {
  const TemporaryFolder folder;
  EXPECT_EQ(load_error({}), "Cifar10: root must name a folder or an archive, got none");
  EXPECT_EQ(load_error({.root = "/nonexistent"}), "Cifar10: no folder or archive /nonexistent");
  EXPECT_EQ(load_error({.root = folder.path()}), "Cifar10: no file data_batch_1.bin in " +
                                                     folder.path().string() +
                                                     " or its folder cifar-10-batches-bin");
  Files files = small_files();
  files.erase("data_batch_4.bin");
  write_folder(folder.path(), files);
  write_archive(folder / "a.tar.gz", Packing::kGzip, in_folder(files));
  EXPECT_THAT(load_error({.root = folder.path(), .verify = false}),
              HasSubstr("no file data_batch_4.bin"));
  EXPECT_THAT(load_error({.root = folder / "a.tar.gz", .verify = false}),
              AllOf(HasSubstr("no file data_batch_4.bin"), EndsWith("a.tar.gz")));
}

TEST(Cifar10, NamesTheTruncatedFileWithExpectedAndFoundSize) {
  const TemporaryFolder folder;
  write_folder(folder.path(), {{"test_batch.bin", std::string(30'729'999, '\0')}});
  EXPECT_EQ(load_error({.root = folder.path(), .split = Split::kTest}),
            "Cifar10: " + (folder / "test_batch.bin").string() +
                " must have 30730000 bytes, found 30729999");
  const std::string not_verified =
      load_error({.root = folder.path(), .split = Split::kTest, .verify = false});
  EXPECT_THAT(not_verified,
              HasSubstr("must hold 1 to 10000 records of 3073 bytes, found 30729999"));
  write_folder(folder.path(), {{"test_batch.bin", ""}});
  EXPECT_THAT(load_error({.root = folder.path(), .split = Split::kTest, .verify = false}),
              HasSubstr("found 0 bytes"));
}

TEST(Cifar10, NamesTheFileWithExpectedAndFoundSum) {
  const TemporaryFolder folder;
  const std::string zeros(30'730'000, '\0');
  write_folder(folder.path(), {{"test_batch.bin", zeros}});
  write_archive(folder / "a.tar.gz", Packing::kGzip, {{"test_batch.bin", zeros}});
  // sha256sum of 30,730,000 zero bytes.
  const std::string sums =
      "must have the SHA-256 8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b, "
      "found 3a8a84b64bcf861b26141d5cdcae007b8457d57210923dc132103760842ce568";
  EXPECT_EQ(load_error({.root = folder.path(), .split = Split::kTest}),
            "Cifar10: " + (folder / "test_batch.bin").string() + " " + sums);
  EXPECT_EQ(load_error({.root = folder / "a.tar.gz", .split = Split::kTest}),
            "Cifar10: test_batch.bin in " + (folder / "a.tar.gz").string() + " " + sums);
}

TEST(Cifar10, RejectsALabelAboveNine) {
  const TemporaryFolder folder;
  write_folder(folder.path(), {{"test_batch.bin", record(9, 1) + record(10, 2)}});
  EXPECT_EQ(load_error({.root = folder.path(), .split = Split::kTest, .verify = false}),
            "Cifar10: labels must be in [0, 10), test_batch.bin has 10 in record 1");
}

TEST(Cifar10, RejectsAnArchiveThatLies) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& name) {
    return load_error({.root = folder / name, .split = Split::kTest, .verify = false});
  };
  write_file(folder / "text.tar.gz", "this is no archive");
  EXPECT_THAT(error("text.tar.gz"), HasSubstr("cannot read " + (folder / "text.tar.gz").string()));
  write_file(folder / "empty.tar.gz", "");
  EXPECT_THAT(error("empty.tar.gz"), HasSubstr("empty.tar.gz"));

  // A tar header that claims 8 GB: rejected by its size, before memory is asked for.
  write_archive(folder / "huge.tar", Packing::kNone, {{"test_batch.bin", record(1, 1)}});
  std::string bytes = lightly::testing::read_file(folder / "huge.tar");
  bytes.replace(124, 11, "77777777777");
  int sum = 0;
  bytes.replace(148, 8, "        ");
  for (int i = 0; i < 512; ++i) {
    sum += static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  }
  char text[8];
  std::snprintf(text, sizeof(text), "%06o", static_cast<unsigned>(sum) & 0777777U);
  bytes.replace(148, 7, text, 7);
  write_file(folder / "huge.tar", bytes);
  EXPECT_THAT(error("huge.tar"), HasSubstr("found 8589934591 bytes"));

  write_archive(folder / "twice.tar.gz", Packing::kGzip,
                {{"a/data_batch_1.bin", record(1, 1)}, {"b/data_batch_1.bin", record(1, 1)}});
  EXPECT_THAT(
      load_error({.root = folder / "twice.tar.gz", .verify = false}),
      HasSubstr("data_batch_1.bin in " + (folder / "twice.tar.gz").string() + " occurs twice"));

  for (const Packing packing : {Packing::kGzip, Packing::kXz, Packing::kNone}) {
    // Records that do not compress, so that half of the archive is half of the data.
    std::string noise = record(1, 1);
    std::uint32_t state = 1;
    for (std::size_t i = 1; i < noise.size(); ++i) {
      state = state * 1664525U + 1013904223U;
      noise[i] = static_cast<char>(state >> 24);
    }
    write_archive(folder / "cut", packing, {{"test_batch.bin", noise}});
    bytes = lightly::testing::read_file(folder / "cut");
    write_file(folder / "cut",
               bytes.substr(0, packing == Packing::kNone ? 2000 : bytes.size() / 2));
    EXPECT_THAT(error("cut"), AllOf(HasSubstr("Cifar10: "), HasSubstr("cut")));
  }
}

TEST(Cifar10, RealArchiveAndItsUnpackedFileAreVerifiedAndEqual) {
  const std::filesystem::path archive = large_test_data() / "cifar-10-batches-bin.tar.xz";
  if (large_test_data().empty() || !std::filesystem::exists(archive)) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA does not name a folder with cifar-10-batches-bin.tar.xz";
  }
  const Cifar10 dataset({.root = archive, .split = Split::kTest});
  ASSERT_EQ(dataset.size(), 10'000);

  // Written back in the format of the file, so that its sum proves every pixel and label.
  std::string bytes;
  bytes.reserve(10'000 * kRecord);
  std::vector<int> count(10, 0);
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const Sample sample = dataset.get(i);
    ++count.at(static_cast<std::size_t>(sample.target));
    bytes += static_cast<char>(sample.target);
    const at::Tensor planar = sample.image.contiguous();
    bytes.append(reinterpret_cast<const char*>(planar.const_data_ptr<unsigned char>()), 3072);
  }
  EXPECT_EQ(count, std::vector<int>(10, 1000));
  const TemporaryFolder folder;
  write_folder(folder / "cifar-10-batches-bin", {{"test_batch.bin", bytes}});
  const Cifar10 again({.root = folder.path(), .split = Split::kTest});
  EXPECT_TRUE(tensors_equal(again.get(9'999).image, dataset.get(9'999).image));
}

}  // namespace
}  // namespace lightly::data
