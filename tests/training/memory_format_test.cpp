#include "lightly/training/memory_format.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/optim/sgd.hpp"
#include "support/matchers.hpp"
#include "training/small_net.hpp"

namespace lightly::training {
namespace {

using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

constexpr auto kChannelsLast = torch::MemoryFormat::ChannelsLast;

TEST(ToChannelsLast, KeepsValuesIdentityAndRequiresGrad) {
  SmallNet net;
  const torch::Tensor held = net->conv->weight;
  const torch::Tensor values = held.detach().clone();
  to_channels_last(*net);
  EXPECT_TRUE(held.is_contiguous(kChannelsLast));
  EXPECT_FALSE(held.is_contiguous());
  EXPECT_TRUE(held.is_same(net->conv->weight));
  EXPECT_TRUE(held.requires_grad() && held.is_leaf());
  EXPECT_TRUE(tensors_equal(held, values));
}

TEST(ToChannelsLast, ConvertsBuffersAndGradientsOfFourDimensions) {
  torch::nn::Module module;
  const torch::Tensor buffer = module.register_buffer("buffer", torch::randn({2, 3, 4, 5}));
  const torch::Tensor plain = module.register_buffer("plain", torch::randn({3, 4, 5}));
  const torch::Tensor weight = module.register_parameter("weight", torch::randn({2, 3, 4, 5}));
  weight.sum().backward();
  to_channels_last(module);
  EXPECT_TRUE(buffer.is_contiguous(kChannelsLast));
  EXPECT_TRUE(plain.is_contiguous());
  EXPECT_TRUE(weight.grad().is_contiguous(kChannelsLast));
  EXPECT_TRUE(tensors_equal(weight.grad(), torch::ones({2, 3, 4, 5})));
}

TEST(ToChannelsLast, AnOptimizerMadeBeforeGoesOn) {
  SmallNet net;
  optim::SGD sgd(net->parameters(), {.lr = 0.1, .momentum = 0.9});
  to_channels_last(*net);
  const torch::Tensor before = net->conv->weight.detach().clone();
  for (int step = 0; step < 2; ++step) {
    sgd.zero_grad();
    net(torch::randn({2, 3, 8, 8}).contiguous(kChannelsLast)).square().sum().backward();
    sgd.step();
  }
  EXPECT_FALSE(net->conv->weight.equal(before));
  EXPECT_TRUE(net->conv->weight.is_contiguous(kChannelsLast));
}

TEST(ToChannelsLast, ForwardGivesTheSameUpToRounding) {
  SmallNet net;
  const torch::Tensor x = torch::randn({2, 3, 8, 8});
  const torch::Tensor expected = net(x);
  to_channels_last(*net);
  EXPECT_TRUE(tensors_close(net(x.contiguous(kChannelsLast)), expected, 1e-5));
}

}  // namespace
}  // namespace lightly::training
