#include "lightly/data/idx_dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <zlib.h>

#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::read_file;
using lightly::testing::TemporaryFolder;
using lightly::testing::write_file;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(value >> shift);
  }
  return bytes;
}

std::string image_header(std::uint32_t count, std::uint32_t height, std::uint32_t width) {
  return big_endian(0x803) + big_endian(count) + big_endian(height) + big_endian(width);
}

std::string label_header(std::uint32_t count) {
  return big_endian(0x801) + big_endian(count);
}

void write_gzip(const std::filesystem::path& path, const std::string& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())),
            static_cast<int>(bytes.size()));
  ASSERT_EQ(gzclose(file), Z_OK);
}

// Three images of 2 x 3 pixels, 0, 10, 20, ..., 170.
std::string small_images() {
  std::string bytes = image_header(3, 2, 3);
  for (int i = 0; i < 18; ++i) {
    bytes += static_cast<char>(10 * i);
  }
  return bytes;
}

std::string small_labels() {
  return label_header(3) + std::string("\x07\x00\xff", 3);
}

void expect_small(const IdxDataset& dataset) {
  ASSERT_EQ(dataset.size(), 3);
  const Sample sample = dataset.get(2);
  const at::Tensor grey = (torch::arange(12, 18) * 10).view({1, 2, 3}).to(torch::kByte);
  EXPECT_TRUE(lightly::testing::tensors_equal(sample.image, grey.expand({3, 2, 3})));
  EXPECT_EQ(sample.image.strides(), (std::vector<std::int64_t>{1, 9, 3}));
  EXPECT_EQ(sample.target, 255);
  EXPECT_EQ(dataset.get(0).target, 7);
  EXPECT_EQ(sample.index, 2);
  EXPECT_EQ(sample.file_name, "train-images-idx3-ubyte/00002");
}

// The error of a data set whose images, then whose labels, are the given bytes.
struct Errors {
  explicit Errors(const std::filesystem::path& folder) : folder_(folder) {}

  std::string of_images(const std::string& bytes, bool gzip = false) {
    gzip ? write_gzip(folder_ / "images", bytes) : write_file(folder_ / "images", bytes);
    write_file(folder_ / "labels", small_labels());
    const std::string text = load();
    EXPECT_THAT(text, HasSubstr((folder_ / "images").string()));
    return text;
  }

  std::string of_labels(const std::string& bytes) {
    write_file(folder_ / "images", small_images());
    write_file(folder_ / "labels", bytes);
    const std::string text = load();
    EXPECT_THAT(text, HasSubstr((folder_ / "labels").string()));
    return text;
  }

  std::string load() {
    return error_text(
        [&] { IdxDataset({.images = folder_ / "images", .labels = folder_ / "labels"}); });
  }

 private:
  std::filesystem::path folder_;
};

TEST(IdxDataset, ReadsPlainAndGzipAsGreyInThreeChannels) {
  const TemporaryFolder folder;
  write_file(folder / "train-images-idx3-ubyte", small_images());
  write_file(folder / "train-labels-idx1-ubyte", small_labels());
  expect_small(IdxDataset(IdxDataset::mnist(folder.path(), Split::kTrain)));
  std::filesystem::remove(folder / "train-images-idx3-ubyte");
  write_gzip(folder / "train-images-idx3-ubyte.gz", small_images());
  expect_small(IdxDataset(IdxDataset::mnist(folder.path(), Split::kTrain)));
}

TEST(IdxDataset, FashionMnistOfTheSystemHasItsKnownContent) {
  const std::filesystem::path folder = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "Debian's package dataset-fashion-mnist is not installed";
  }
  const IdxDataset train(IdxDataset::mnist(folder, Split::kTrain));
  const IdxDataset test(IdxDataset::mnist(folder, Split::kTest));
  EXPECT_EQ(train.size(), 60'000);
  EXPECT_EQ(test.size(), 10'000);
  std::vector<int> count(10, 0);
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < test.size(); ++i) {
    const Sample sample = test.get(i);
    ++count.at(static_cast<std::size_t>(sample.target));
    const unsigned char* bytes = sample.image.const_data_ptr<unsigned char>();
    for (int p = 0; p < 784; ++p) {
      sum += bytes[3 * p];
    }
  }
  EXPECT_EQ(count, std::vector<int>(10, 1000));
  EXPECT_EQ(sum, 573469082);
  EXPECT_EQ(train.get(0).target, 9);
  EXPECT_EQ(train.file_name(59'999), "train-images-idx3-ubyte/59999");
}

TEST(IdxDataset, SaysWhichFileIsMissing) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_text([&] { IdxDataset::mnist(folder.path(), Split::kTest); }),
            "IdxDataset: no file t10k-images-idx3-ubyte or t10k-images-idx3-ubyte.gz in " +
                folder.path().string());
  EXPECT_EQ(error_text([] { IdxDataset({.images = "/nonexistent/a", .labels = "b"}); }),
            "IdxDataset: cannot open /nonexistent/a: No such file or directory");
  EXPECT_EQ(error_text([] { IdxDataset({.images = "a"}); }),
            "IdxDataset: labels must name a file, got none");
  EXPECT_THAT(error_text([&] { IdxDataset({.images = folder.path(), .labels = "b"}); }),
              HasSubstr("not a file: " + folder.path().string()));
}

TEST(IdxDataset, RejectsAHeaderThatLies) {
  const TemporaryFolder folder;
  Errors errors(folder.path());
  EXPECT_THAT(errors.of_images(""), HasSubstr("must begin with a header of 16 bytes, found 0"));
  EXPECT_THAT(errors.of_images(small_images().substr(0, 15)), HasSubstr("found 15"));
  EXPECT_THAT(errors.of_images(small_labels() + std::string(8, '\0')),
              HasSubstr("must have the magic number 2051, found 2049"));
  EXPECT_THAT(errors.of_labels(small_images()), HasSubstr("magic number 2049, found 2051"));
  EXPECT_THAT(errors.of_images(image_header(1U << 31U, 28, 28) + std::string(784, 'x')),
              HasSubstr("claims more data than a file of its size can hold"));
  EXPECT_THAT(errors.of_images(image_header(~0U, ~0U, ~0U) + std::string(784, 'x')),
              HasSubstr("claims more data"));
  EXPECT_THAT(errors.of_images(image_header(0, 28, 28)), HasSubstr("axis of size 0"));
  EXPECT_THAT(errors.of_labels(label_header(0)), HasSubstr("axis of size 0"));
}

TEST(IdxDataset, RejectsTooFewAndTooManyBytes) {
  const TemporaryFolder folder;
  Errors errors(folder.path());
  const std::string images = small_images();
  EXPECT_THAT(errors.of_images(images.substr(0, images.size() - 1)),
              HasSubstr("is cut off: its header claims 18 bytes of data, found 17"));
  EXPECT_THAT(errors.of_images(images + "x"), HasSubstr("goes on after the 18 bytes"));
  EXPECT_THAT(errors.of_labels(small_labels() + "x"), HasSubstr("goes on after the 3 bytes"));
  EXPECT_THAT(errors.of_labels(label_header(2) + "xx"),
              AllOf(HasSubstr("has 3 images"), HasSubstr("has 2 labels")));
}

TEST(IdxDataset, RejectsDamagedGzip) {
  const TemporaryFolder folder;
  Errors errors(folder.path());
  EXPECT_THAT(errors.of_images("", true), HasSubstr("found 0"));
  EXPECT_THAT(errors.of_images(image_header(1U << 31U, 28, 28), true),
              HasSubstr("claims more data"));
  // Within what 1 to 1032 allows, and still more than there is.
  EXPECT_THAT(errors.of_images(image_header(20, 28, 28) + std::string(784, 'x'), true),
              HasSubstr("is cut off: its header claims 15680 bytes of data, found 784"));
  // A bomb: one byte beyond the header's size is read, not all 50 MB.
  EXPECT_THAT(errors.of_images(small_images() + std::string(50'000'000, '\0'), true),
              HasSubstr("goes on after the 18 bytes"));

  // Bytes that do not compress, so that half of the file is half of the data.
  std::string images = image_header(200, 28, 28);
  std::uint32_t state = 1;
  while (images.size() < 16 + 200 * 784) {
    state = state * 1664525U + 1013904223U;
    images += static_cast<char>(state >> 24);
  }
  write_gzip(folder / "good.gz", images);
  const std::string good = read_file(folder / "good.gz");
  write_file(folder / "images", good.substr(0, good.size() / 2));
  EXPECT_THAT(errors.load(), AllOf(HasSubstr("images"), HasSubstr("is cut off")));
  std::string bad = good;
  bad[good.size() - 6] = static_cast<char>(bad[good.size() - 6] + 1);
  write_file(folder / "images", bad);
  EXPECT_THAT(errors.load(), AllOf(HasSubstr("images"), HasSubstr("incorrect data check")));
}

TEST(IdxDataset, RejectsAnIndexOutside) {
  const TemporaryFolder folder;
  write_file(folder / "images", small_images());
  write_file(folder / "labels", small_labels());
  const IdxDataset dataset({.images = folder / "images", .labels = folder / "labels"});
  EXPECT_THROW(dataset.get(3), c10::IndexError);
  EXPECT_EQ(error_text([&] { dataset.get(-1); }), "IdxDataset: index must be in [0, 3), got -1");
}

}  // namespace
}  // namespace lightly::data
