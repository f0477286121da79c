#include "lightly/evaluation/embed.hpp"

#include <stdexcept>

#include <ATen/autocast_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/pooling.h>
#include <torch/types.h>

#include "lightly/core/random.hpp"
#include "support/matchers.hpp"

namespace lightly::evaluation {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// Images given one by one; sample i is named "image i" and has class i % 3.
class ListDataset : public data::Dataset {
 public:
  explicit ListDataset(std::vector<torch::Tensor> images) : images_(std::move(images)) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(images_.size()); }
  data::Sample get(std::int64_t index) const override {
    return {.image = images_.at(static_cast<std::size_t>(index)),
            .target = index % 3,
            .file_name = file_name(index),
            .index = index};
  }
  std::string file_name(std::int64_t index) const override {
    return "image " + std::to_string(index);
  }

 private:
  std::vector<torch::Tensor> images_;
};

ListDataset random_images(std::int64_t count, std::int64_t height = 8, std::int64_t width = 6) {
  core::Random random(4);
  std::vector<torch::Tensor> images;
  for (std::int64_t i = 0; i < count; ++i) {
    torch::Tensor image = torch::empty({height, width, 3}, torch::kByte);
    for (std::int64_t j = 0; j < image.numel(); ++j) {
      image.mutable_data_ptr<std::uint8_t>()[j] = static_cast<std::uint8_t>(random.below(256));
    }
    images.push_back(image.permute({2, 0, 1}));
  }
  return ListDataset(std::move(images));
}

// A backbone that runs a lambda.
struct LambdaImpl : torch::nn::Module {
  std::function<torch::Tensor(const torch::Tensor&)> function;
  torch::Tensor forward(const torch::Tensor& x) { return function(x); }
};

models::Backbone lambda(std::function<torch::Tensor(const torch::Tensor&)> function) {
  auto module = std::make_shared<LambdaImpl>();
  module->function = std::move(function);
  return module;
}

torch::nn::Sequential small_net() {
  torch::manual_seed(0);
  return torch::nn::Sequential(torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 5, 3)),
                               torch::nn::BatchNorm2d(5), torch::nn::AdaptiveAvgPool2d(2));
}

TEST(Embed, GivesNormalisedImagesToTheBackboneInOrder) {
  const ListDataset dataset = random_images(5);
  const torch::Tensor mean = torch::tensor({0.485F, 0.456F, 0.406F}).view({3, 1, 1});
  const torch::Tensor std = torch::tensor({0.229F, 0.224F, 0.225F}).view({3, 1, 1});
  const auto identity = lambda([](const torch::Tensor& x) {
    EXPECT_EQ(x.scalar_type(), torch::kFloat);
    EXPECT_TRUE(x.is_contiguous(torch::MemoryFormat::ChannelsLast));
    return x;
  });
  const Embeddings embeddings = embed(identity, dataset, {.batch_size = 2});
  std::vector<torch::Tensor> expected;
  for (std::int64_t i = 0; i < 5; ++i) {
    const torch::Tensor image = dataset.get(i).image.to(torch::kFloat).div(255.0);
    expected.push_back(((image - mean) / std).flatten());
  }
  EXPECT_TRUE(tensors_equal(embeddings.features, torch::stack(expected)));
  EXPECT_TRUE(tensors_equal(embeddings.labels,
                            torch::tensor(std::vector<std::int64_t>{0, 1, 2, 0, 1}, torch::kLong)));
  EXPECT_THAT(embeddings.file_names,
              ElementsAre("image 0", "image 1", "image 2", "image 3", "image 4"));
}

TEST(Embed, WithoutNormalizeScalesToOne) {
  const ListDataset dataset = random_images(1);
  const auto identity = lambda([](const torch::Tensor& x) { return x; });
  EXPECT_TRUE(
      tensors_equal(embed(identity, dataset, {.normalize = std::nullopt}).features,
                    dataset.get(0).image.to(torch::kFloat).div(255.0).flatten().unsqueeze(0)));
}

TEST(Embed, FlattensFeaturesAndDoesNotDependOnTheBatchSize) {
  const ListDataset dataset = random_images(7);
  torch::nn::Sequential net = small_net();
  const Embeddings whole = embed(net, dataset);
  EXPECT_EQ(whole.features.sizes(), (std::vector<std::int64_t>{7, 20}));
  EXPECT_FALSE(whole.features.requires_grad());
  for (const std::int64_t batch_size : {1, 3, 7}) {
    EXPECT_TRUE(tensors_close(embed(net, dataset, {.batch_size = batch_size}).features,
                              whole.features, 1e-6));
  }
}

TEST(Embed, RunsInEvalModeAndRestoresEveryModeAndStatistic) {
  torch::nn::Sequential net = small_net();
  net->train();
  net[2]->eval();
  const torch::Tensor statistics = net->buffers()[0].clone();
  embed(net, random_images(4));
  EXPECT_TRUE(tensors_equal(net->buffers()[0], statistics));
  EXPECT_TRUE(net->is_training());
  EXPECT_TRUE(net[1]->is_training());
  EXPECT_FALSE(net[2]->is_training());
}

TEST(Embed, RestoresTheModesAfterAnError) {
  auto module = std::make_shared<LambdaImpl>();
  module->function = [&module](const torch::Tensor&) -> torch::Tensor {
    EXPECT_FALSE(module->is_training());
    EXPECT_FALSE(torch::GradMode::is_enabled());
    throw std::runtime_error("from the backbone");
  };
  EXPECT_EQ(
      error_text([&] { embed(module, random_images(1), {.autocast_dtype = torch::kBFloat16}); }),
      "from the backbone");
  EXPECT_TRUE(module->is_training());
  EXPECT_TRUE(torch::GradMode::is_enabled());
  EXPECT_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
}

TEST(Embed, AutocastGivesFloatFeaturesNearTheExactOnes) {
  const ListDataset dataset = random_images(4);
  torch::nn::Sequential net = small_net();
  const torch::Tensor exact = embed(net, dataset).features;
  const torch::Tensor cast = embed(net, dataset, {.autocast_dtype = torch::kBFloat16}).features;
  EXPECT_EQ(cast.scalar_type(), torch::kFloat);
  EXPECT_FALSE(tensors_equal(cast, exact));
  EXPECT_TRUE(tensors_close(cast, exact, 0.02));
  EXPECT_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
}

TEST(Embed, ReportsProgressAfterEveryBatch) {
  std::vector<std::pair<std::int64_t, std::int64_t>> calls;
  embed(small_net(), random_images(5),
        {.batch_size = 2, .progress = [&](std::int64_t done, std::int64_t total) {
           calls.emplace_back(done, total);
         }});
  EXPECT_THAT(calls, ElementsAre(Pair(2, 5), Pair(4, 5), Pair(5, 5)));
}

TEST(Embed, NamesRuleAndValueOnBadInput) {
  const ListDataset dataset = random_images(2);
  const auto text = [](const models::Backbone& backbone, const data::Dataset& images,
                       const EmbedOptions& options) {
    return error_text([&] { embed(backbone, images, options); });
  };
  const auto identity = lambda([](const torch::Tensor& x) { return x; });
  EXPECT_EQ(text(identity, dataset, {.batch_size = 0}), "embed: batch_size must be >= 1, got 0");
  EXPECT_EQ(
      text(identity, dataset, {.normalize = transforms::Normalization{.std = {1.0, 1.0, 0.0}}}),
      "Normalization: std must be > 0 and finite as a float32, got 0");
  EXPECT_EQ(text(identity, ListDataset({}), {}),
            "embed: dataset must have at least one image, got 0");
  EXPECT_EQ(text(models::Backbone(), dataset, {}), "embed: backbone must hold a module, got none");
  EXPECT_EQ(text(lambda([](const torch::Tensor& x) { return x.mean({1, 2, 3}); }), dataset, {}),
            "embed: the backbone must give features [2, F, ...], got [2]");
  EXPECT_EQ(text(lambda([](const torch::Tensor& x) { return x.narrow(0, 0, 1); }), dataset, {}),
            "embed: the backbone must give features [2, F, ...], got [1, 3, 8, 6]");
  const torch::Tensor image = torch::zeros({3, 4, 4}, torch::kByte);
  EXPECT_EQ(text(identity, ListDataset({image, torch::zeros({3, 4, 5}, torch::kByte)}), {}),
            "embed: images of a batch must have one size, got [3, 4, 5] of image 1 after [3, 4, 4] "
            "of image 0");
  EXPECT_EQ(text(identity, ListDataset({image, torch::zeros({3, 4, 5}, torch::kByte)}),
                 {.batch_size = 1}),
            "embed: the backbone must give features of one length, got 60 after 48");
  EXPECT_THAT(text(identity, ListDataset({torch::zeros({3, 4, 4})}), {}),
              HasSubstr("embed: image 0: image must be a uint8 tensor [3, H, W]"));
}

}  // namespace
}  // namespace lightly::evaluation
