#include "lightly/data/transformed_dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "data/image_folder.hpp"
#include "lightly/data/lightly_dataset.hpp"
#include "lightly/transforms/resize.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

class TransformedDatasetTest : public ::testing::Test {
 protected:
  TransformedDatasetTest() {
    for (int i = 0; i < 20; ++i) {
      folder_.add_image("a/" + std::to_string(10 + i) + ".png", i);
    }
    base_ = std::make_shared<LightlyDataset>(folder_.path());
  }

  ImageFolder folder_;
  DatasetPtr base_;
};

// An image of random bytes.
at::Tensor noise(const at::Tensor& image, core::Random& random) {
  at::Tensor bytes = torch::empty_like(image);
  for (std::int64_t i = 0; i < bytes.numel(); ++i) {
    bytes.mutable_data_ptr<std::uint8_t>()[i] = static_cast<std::uint8_t>(random.bits());
  }
  return bytes;
}

TEST_F(TransformedDatasetTest, TransformsTheImageAndNothingElse) {
  const TransformedDataset dataset(
      base_, [](const at::Tensor& image, core::Random&) { return 255 - image; });
  EXPECT_EQ(dataset.size(), 20);
  EXPECT_EQ(dataset.file_name(3), "a/13.png");
  const Sample sample = dataset.get(3);
  EXPECT_TRUE(tensors_equal(sample.image, torch::full({3, 4, 3}, 252, torch::kByte)));
  EXPECT_EQ(sample.file_name, "a/13.png");
  EXPECT_EQ(sample.target, 0);
  EXPECT_EQ(sample.index, 3);
}

TEST_F(TransformedDatasetTest, MakesImagesOfOneSizeForABatch) {
  const TransformedDataset dataset(base_, transforms::Resize({.size = {6, 5}}));
  EXPECT_EQ(dataset.get(0).image.sizes(), (std::vector<std::int64_t>{3, 6, 5}));
}

TEST_F(TransformedDatasetTest, DrawsByTheSeedAndTheIndex) {
  const TransformedDataset dataset(base_, noise, {.seed = 1});
  const TransformedDataset again(base_, noise, {.seed = 1});
  const TransformedDataset other(base_, noise, {.seed = 2});
  const at::Tensor image = dataset.get(7).image;
  EXPECT_TRUE(tensors_equal(dataset.get(7).image, image));
  EXPECT_TRUE(tensors_equal(again.get(7).image, image));
  EXPECT_FALSE(tensors_equal(other.get(7).image, image));
  EXPECT_FALSE(tensors_equal(dataset.get(8).image, image));
  // Not what a collate function draws for a view of the sample.
  core::Random view0(core::RandomKey{.seed = 1, .index = 7});
  EXPECT_FALSE(tensors_equal(noise(image, view0), image));
}

TEST_F(TransformedDatasetTest, RefusesWhatIsNoImage) {
  const auto error = [&](const at::Tensor& result) {
    return error_text([&] {
      TransformedDataset(base_, [=](const at::Tensor&, core::Random&) { return result; }).get(2);
    });
  };
  EXPECT_EQ(error(torch::zeros({3, 4, 4})),
            "TransformedDataset: a/12.png: image must be a uint8 tensor [3, H, W] on the CPU, got "
            "Float [3, 4, 4] on cpu");
  EXPECT_THAT(error(at::Tensor()), HasSubstr("a/12.png: image must be a uint8 tensor"));
  EXPECT_THAT(error(torch::zeros({4, 4}, torch::kByte)), HasSubstr("got Byte [4, 4]"));
}

TEST_F(TransformedDatasetTest, RefusesNoBaseAndNoTransform) {
  EXPECT_EQ(error_text([] { TransformedDataset(nullptr, noise); }),
            "TransformedDataset: base must not be null");
  EXPECT_EQ(error_text([&] { TransformedDataset(base_, nullptr); }),
            "TransformedDataset: every transform must be callable, got an empty one");
  EXPECT_THROW(TransformedDataset(base_, noise).get(20), c10::IndexError);
}

}  // namespace
}  // namespace lightly::data
