#include "lightly/data/torch_data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/data/dataloader.h>
#include <torch/data/samplers/sequential.h>
#include <torch/types.h>

#include "lightly/data/data_loader.hpp"
#include "lightly/transforms/byol_transform.hpp"
#include "lightly/transforms/dino_transform.hpp"
#include "lightly/transforms/fast_siam_transform.hpp"
#include "lightly/transforms/moco_transform.hpp"
#include "lightly/transforms/simclr_transform.hpp"
#include "lightly/transforms/simsiam_transform.hpp"
#include "lightly/transforms/swav_transform.hpp"
#include "lightly/transforms/vicreg_transform.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A user's dataset as torch::data wants it: float images [3, 6, 5] in [0, 1].
class UsersDataset : public torch::data::datasets::Dataset<UsersDataset> {
 public:
  torch::data::Example<> get(std::size_t index) override {
    const auto i = static_cast<std::int64_t>(index);
    return {bytes(i).to(torch::kFloat) / 255, torch::tensor(i + 1)};
  }
  std::optional<std::size_t> size() const override { return 10; }

  static at::Tensor bytes(std::int64_t index) {
    return ((torch::arange(90) * 23 + index * 7) % 256).to(torch::kByte).view({3, 6, 5});
  }
};

class Unsized : public UsersDataset {
 public:
  std::optional<std::size_t> size() const override { return std::nullopt; }
};

TEST(FromTorchDataset, GivesBackEveryByteOfFloatImages) {
  const FromTorchDataset dataset{UsersDataset()};
  ASSERT_EQ(dataset.size(), 10);
  for (std::int64_t i = 0; i < 10; ++i) {
    const Sample sample = dataset.get(i);
    EXPECT_TRUE(tensors_equal(sample.image, UsersDataset::bytes(i)));
    EXPECT_EQ(sample.image.strides(), (std::vector<std::int64_t>{1, 15, 3}));
    EXPECT_EQ(sample.target, i + 1);
    EXPECT_EQ(sample.index, i);
  }
  EXPECT_EQ(dataset.get(3).file_name, "00003");
}

TEST(FromTorchDataset, FeedsTheLoader) {
  DataLoader loader(std::make_shared<FromTorchDataset<UsersDataset>>(UsersDataset()),
                    PlainCollateFunction({.normalize = std::nullopt}),
                    {.batch_size = 5, .num_workers = 2});
  std::int64_t index = 0;
  for (const Batch& batch : loader.epoch(0)) {
    for (std::int64_t i = 0; i < 5; ++i, ++index) {
      EXPECT_TRUE(
          tensors_equal(batch.views[0][i], UsersDataset::bytes(index).to(torch::kFloat) / 255));
    }
  }
  EXPECT_EQ(index, 10);
}

TEST(FromTorchDataset, RejectsAnUnsizedDatasetAndAnIndexOutside) {
  EXPECT_EQ(error_text([] { FromTorchDataset<Unsized>{Unsized()}; }),
            "FromTorchDataset: the dataset must have a size");
  const FromTorchDataset dataset{UsersDataset()};
  EXPECT_THROW(dataset.get(10), c10::IndexError);
  EXPECT_EQ(error_text([&] { dataset.get(-1); }),
            "FromTorchDataset: index must be in [0, 10), got -1");
}

TEST(SampleFromTensors, MakesGreyThreeEqualChannels) {
  const at::Tensor grey = torch::arange(30, torch::kByte).view({5, 6});
  const at::Tensor target = torch::tensor({7}, torch::kInt);
  const at::Tensor expected = grey.expand({3, 5, 6});
  EXPECT_TRUE(tensors_equal(sample_from_tensors(grey, target, "a", 0).image, expected));
  EXPECT_TRUE(
      tensors_equal(sample_from_tensors(grey.unsqueeze(0), target, "a", 0).image, expected));
  EXPECT_EQ(sample_from_tensors(grey, target, "a", 0).target, 7);
}

TEST(SampleFromTensors, RejectsOtherTypesShapesAndRanges) {
  const auto error = [](const at::Tensor& data, const at::Tensor& target) {
    return error_text([&] { sample_from_tensors(data, target, "x", 0); });
  };
  const at::Tensor image = torch::zeros({3, 4, 4});
  const at::Tensor target = torch::tensor(int64_t{1});
  EXPECT_EQ(error(at::Tensor(), target),
            "sample_from_tensors: x must have data and target, got none");
  EXPECT_THAT(error(image.to(torch::kDouble), target),
              HasSubstr("data of x must be uint8 or float32 [3, H, W], [1, H, W] or [H, W] on the "
                        "CPU, got Double [3, 4, 4] on cpu"));
  EXPECT_THAT(error(torch::zeros({2, 4, 4}), target), HasSubstr("got Float [2, 4, 4]"));
  EXPECT_EQ(error(image + 1.5, target),
            "sample_from_tensors: float data of x must be in [0, 1], got 1.5");
  EXPECT_THAT(error(image + NAN, target), HasSubstr("must be in [0, 1], got nan"));
  EXPECT_THAT(error(image, torch::zeros({1})), HasSubstr("target of x must be one integer"));
  EXPECT_THAT(error(image, torch::tensor({1, 2})), HasSubstr("got Long [2]"));
}

// Batches of torch's loader, made in `.map()`, are those of our own.
void expect_same_batches(const BaseCollateFunction& collate, const std::string& name) {
  const auto dataset = std::make_shared<FromTorchDataset<UsersDataset>>(UsersDataset());
  const core::RandomKey key{.seed = 2, .epoch = 3};
  auto loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(
      ToTorchDataset(dataset).map(ToTorchCollation(collate, key)),
      torch::data::DataLoaderOptions().batch_size(4).workers(2));
  DataLoader own(dataset, collate, {.batch_size = 4, .seed = 2});
  std::vector<Batch> expected;
  for (const Batch& batch : own.epoch(3)) {
    expected.push_back(batch);
  }
  std::size_t b = 0;
  for (const Batch& batch : *loader) {
    ASSERT_LT(b, expected.size()) << name;
    EXPECT_EQ(batch.indices, expected[b].indices) << name;
    EXPECT_TRUE(tensors_equal(batch.targets, expected[b].targets)) << name;
    ASSERT_EQ(batch.views.size(), static_cast<std::size_t>(collate.num_views())) << name;
    for (std::size_t v = 0; v < batch.views.size(); ++v) {
      EXPECT_TRUE(tensors_equal(batch.views[v], expected[b].views[v])) << name << " " << v;
    }
    ++b;
  }
  EXPECT_EQ(b, 3U) << name;
}

TEST(ToTorchDataset, TorchsLoaderGivesTheSameBatches) {
  expect_same_batches(ImageCollateFunction({.input_size = 4}), "ImageCollateFunction");
  expect_same_batches(SimCLRCollateFunction({.input_size = 4}), "SimCLRCollateFunction");
  expect_same_batches(MoCoCollateFunction({.input_size = 4}), "MoCoCollateFunction");
  expect_same_batches(SwaVCollateFunction({.crop_sizes = {5, 3}}), "SwaVCollateFunction");
  expect_same_batches(
      MultiCropCollateFunction(
          {.crop_sizes = {5, 3},
           .crop_counts = {1, 2},
           .crop_min_scales = {0.5, 0.1},
           .crop_max_scales = {1.0, 0.5},
           .transforms = [](const at::Tensor& crop, core::Random&) { return crop.flip(2); }}),
      "MultiCropCollateFunction");
}

TEST(ToTorchDataset, TorchsLoaderTakesThePresetsOfViews) {
  expect_same_batches(transforms::SimCLRTransform({.input_size = 4}), "SimCLRTransform");
  expect_same_batches(transforms::MoCoV1Transform({.input_size = 4}), "MoCoV1Transform");
  expect_same_batches(transforms::MoCoV2Transform({.input_size = 4}), "MoCoV2Transform");
  expect_same_batches(transforms::SimSiamTransform({.input_size = 4}), "SimSiamTransform");
  expect_same_batches(transforms::FastSiamTransform({.input_size = 4}), "FastSiamTransform");
  expect_same_batches(transforms::BYOLTransform({.view_1_transform = {.input_size = 4},
                                                 .view_2_transform = {.input_size = 5}}),
                      "BYOLTransform");
  expect_same_batches(transforms::SwaVTransform({.crop_sizes = {5, 3}}), "SwaVTransform");
  expect_same_batches(transforms::DINOTransform({.global_crop_size = 5, .local_crop_size = 3}),
                      "DINOTransform");
  expect_same_batches(transforms::VICRegTransform({.input_size = 4}), "VICRegTransform");
}

TEST(ToTorchDataset, RejectsNull) {
  EXPECT_EQ(error_text([] { ToTorchDataset(nullptr); }),
            "ToTorchDataset: dataset must not be null");
}

}  // namespace
}  // namespace lightly::data
