#include "lightly/optim/parameter_groups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/instancenorm.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include "lightly/models/split_batch_norm.hpp"
#include "lightly/optim/sgd.hpp"
#include "support/matchers.hpp"

namespace lightly::optim {
namespace {

using lightly::testing::error_text;
using ::testing::ElementsAre;
namespace nn = torch::nn;

// A norm of one's own with a weight of its own, and a layer whose children are others'.
struct ScaleNormImpl : nn::Cloneable<ScaleNormImpl> {
  ScaleNormImpl() { reset(); }
  void reset() override { scale = register_parameter("scale", torch::ones({4})); }
  torch::Tensor forward(const torch::Tensor& x) { return scale * x; }
  torch::Tensor scale;
};

struct NetImpl : nn::Cloneable<NetImpl> {
  NetImpl() { reset(); }
  void reset() override {
    token = register_parameter("token", torch::zeros({1, 1, 4}));
    conv = register_module("conv", nn::Conv2d(nn::Conv2dOptions(3, 4, 3)));
    bn = register_module("bn", nn::BatchNorm2d(4));
    head = register_module(
        "head", nn::Sequential(nn::Linear(4, 4), nn::LayerNorm(std::vector<std::int64_t>{4}),
                               ScaleNormImpl(), nn::Linear(nn::LinearOptions(4, 2).bias(false))));
  }
  torch::Tensor token;
  nn::Conv2d conv = nullptr;
  nn::BatchNorm2d bn = nullptr;
  nn::Sequential head = nullptr;
};

// The names of a group's parameters.
std::vector<std::string> names(const nn::Module& module, const ParameterGroup& group) {
  std::vector<std::string> found;
  for (const torch::Tensor& parameter : group.parameters) {
    for (const auto& item : module.named_parameters()) {
      if (item.value().is_same(parameter)) {
        found.push_back(item.key());
      }
    }
  }
  return found;
}

TEST(DecayGroups, SparesNormsAndBiases) {
  const NetImpl net;
  const std::vector<ParameterGroup> groups = decay_groups(net);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_THAT(names(net, groups[0]), ElementsAre("token", "conv.weight", "head.0.weight",
                                                 "head.2.scale", "head.3.weight"));
  EXPECT_THAT(names(net, groups[1]), ElementsAre("conv.bias", "bn.weight", "bn.bias", "head.0.bias",
                                                 "head.1.weight", "head.1.bias"));
  EXPECT_EQ(groups[0].weight_decay, std::nullopt);
  EXPECT_EQ(groups[1].weight_decay, 0.0);
  EXPECT_EQ(groups[0].lr_factor, 1.0);
  EXPECT_EQ(groups[1].lr_factor, 1.0);
}

TEST(DecayGroups, DecaysNormsOrBiasesWhenAsked) {
  const NetImpl net;
  EXPECT_THAT(names(net, decay_groups(net, {.decay_norm = true})[1]),
              ElementsAre("conv.bias", "head.0.bias"));
  EXPECT_THAT(names(net, decay_groups(net, {.decay_bias = true})[1]),
              ElementsAre("bn.weight", "bn.bias", "head.1.weight", "head.1.bias"));
  EXPECT_THAT(names(net, decay_groups(net, {.decay_norm = true, .decay_bias = true})[1]),
              ElementsAre());
}

TEST(DecayGroups, TakesNormsOfOnesOwn) {
  const NetImpl net;
  const auto is_norm = [](const nn::Module& module) {
    return is_norm_layer(module) || dynamic_cast<const ScaleNormImpl*>(&module) != nullptr;
  };
  EXPECT_THAT(names(net, decay_groups(net, {.is_norm = is_norm})[0]),
              ElementsAre("token", "conv.weight", "head.0.weight", "head.3.weight"));
}

TEST(DecayGroups, NeedsAFunctionThatKnowsNorms) {
  const nn::Linear net(2, 2);
  EXPECT_EQ(error_text([&] { decay_groups(*net, {.is_norm = nullptr}); }),
            "decay_groups: is_norm must hold a function, got none");
}

TEST(DecayGroups, ASharedParameterIsThereOnce) {
  const nn::Linear shared(2, 2);
  const nn::Sequential net(shared, nn::BatchNorm1d(2), shared);
  const std::vector<ParameterGroup> groups = decay_groups(*net);
  EXPECT_EQ(groups[0].parameters.size(), 1U);
  EXPECT_EQ(groups[1].parameters.size(), 3U);
}

TEST(DecayGroups, AreWhatAnOptimizerTakes) {
  const NetImpl net;
  const SGD sgd(decay_groups(net), {.weight_decay = 1e-4});
  EXPECT_EQ(sgd.parameters().size(), net.parameters().size());
  EXPECT_EQ(sgd.groups()[0].weight_decay, 1e-4);
  EXPECT_EQ(sgd.groups()[1].weight_decay, 0.0);
}

TEST(IsNormLayer, KnowsLibTorchsNormsAndWhatDerivesFromThem) {
  struct OwnBatchNorm : nn::BatchNorm2dImpl {
    using nn::BatchNorm2dImpl::BatchNorm2dImpl;
  };
  EXPECT_TRUE(is_norm_layer(nn::BatchNorm1dImpl(2)));
  EXPECT_TRUE(is_norm_layer(nn::BatchNorm3dImpl(2)));
  EXPECT_TRUE(is_norm_layer(nn::InstanceNorm2dImpl(2)));
  EXPECT_TRUE(is_norm_layer(nn::GroupNormImpl(1, 2)));
  EXPECT_TRUE(is_norm_layer(OwnBatchNorm(2)));
  EXPECT_TRUE(is_norm_layer(models::SplitBatchNormImpl({.num_features = 2, .num_splits = 2})));
  EXPECT_FALSE(is_norm_layer(nn::LinearImpl(2, 2)));
}

}  // namespace
}  // namespace lightly::optim
