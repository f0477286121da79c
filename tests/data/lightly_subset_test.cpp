#include "lightly/data/lightly_subset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "data/image_folder.hpp"
#include "lightly/data/lightly_dataset.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using ::testing::ElementsAre;
using Names = std::vector<std::string>;

class LightlySubsetTest : public ::testing::Test {
 protected:
  LightlySubsetTest() {
    for (int i = 0; i < 5; ++i) {
      folder_.add_image((i < 2 ? "a/" : "b/") + std::to_string(i) + ".png", i);
    }
    base_ = std::make_shared<LightlyDataset>(folder_.path());
  }

  ImageFolder folder_;
  DatasetPtr base_;
};

void expect_sample(const LightlySubset& subset, std::int64_t index, int value) {
  const Sample sample = subset.get(index);
  EXPECT_EQ(sample.pixels().const_data_ptr<std::uint8_t>()[0], value);
  EXPECT_EQ(sample.target, value < 2 ? 0 : 1);
  EXPECT_EQ(sample.file_name, (value < 2 ? "a/" : "b/") + std::to_string(value) + ".png");
  EXPECT_EQ(sample.index, index);
  EXPECT_EQ(subset.file_name(index), sample.file_name);
}

TEST_F(LightlySubsetTest, HasTheNamedSamplesInTheOrderOfTheNames) {
  const LightlySubset subset(base_, Names{"b/3.png", "a/0.png", "b/2.png"});
  ASSERT_EQ(subset.size(), 3);
  EXPECT_THAT(subset.indices(), ElementsAre(3, 0, 2));
  EXPECT_EQ(subset.base(), base_);
  expect_sample(subset, 0, 3);
  expect_sample(subset, 1, 0);
  expect_sample(subset, 2, 2);
}

TEST_F(LightlySubsetTest, HasTheSamplesAtTheIndices) {
  const LightlySubset subset = LightlySubset::of_indices(base_, {4, 1});
  ASSERT_EQ(subset.size(), 2);
  expect_sample(subset, 0, 4);
  expect_sample(subset, 1, 1);
  EXPECT_EQ(LightlySubset::of_indices(base_, {}).size(), 0);
}

TEST_F(LightlySubsetTest, IsADataSetOfWhichThereAreSubsets) {
  const auto half = std::make_shared<LightlySubset>(LightlySubset::of_indices(base_, {4, 3, 1}));
  const LightlySubset subset(half, Names{"a/1.png", "b/4.png"});
  EXPECT_THAT(subset.indices(), ElementsAre(2, 0));
  expect_sample(subset, 0, 1);
  expect_sample(subset, 1, 4);
}

TEST_F(LightlySubsetTest, RefusesUnknownNamesAndThoseGivenTwice) {
  EXPECT_EQ(
      error_text([&] { LightlySubset(base_, Names{"a/0.png", "a/4.png", "../a/0.png"}); }),
      "LightlySubset: filenames must be in the base, got 2 that are not: a/4.png, ../a/0.png");
  EXPECT_THROW(LightlySubset(base_, Names{"x"}), c10::ValueError);
  EXPECT_EQ(error_text([&] { LightlySubset(base_, Names{"a/0.png", "a/0.png"}); }),
            "LightlySubset: filenames must name each sample once, got a/0.png twice");
  EXPECT_EQ(error_text([] { LightlySubset(nullptr, Names{}); }),
            "LightlySubset: base must not be null");
}

TEST_F(LightlySubsetTest, RefusesIndicesOutsideAndThoseGivenTwice) {
  EXPECT_THROW(LightlySubset::of_indices(base_, {5}), c10::IndexError);
  EXPECT_EQ(error_text([&] { LightlySubset::of_indices(base_, {0, -1}); }),
            "LightlySubset: indices must be in [0, 5), got -1");
  EXPECT_EQ(error_text([&] { LightlySubset::of_indices(base_, {0, 2, 0}); }),
            "LightlySubset: indices must name each sample once, got 0 twice");
  const LightlySubset subset = LightlySubset::of_indices(base_, {1});
  EXPECT_THROW(subset.get(1), c10::IndexError);
  EXPECT_EQ(error_text([&] { subset.file_name(-1); }),
            "LightlySubset: index must be in [0, 1), got -1");
}

}  // namespace
}  // namespace lightly::data
