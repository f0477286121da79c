#include "lightly/models/backbone.hpp"

#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>

#include "support/matchers.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

struct PlainImpl : torch::nn::Module {
  torch::Tensor forward(torch::Tensor x) { return x + 1; }
};

TEST(Backbone, CallsTheForwardOfTheModuleItHolds) {
  const at::Tensor x = torch::randn({2, 3});
  torch::nn::Linear linear(3, 4);
  const Backbone from_holder = linear;
  EXPECT_TRUE(tensors_equal(from_holder(x), linear(x)));
  const Backbone from_pointer = linear.ptr();
  EXPECT_TRUE(tensors_equal(from_pointer.forward(x), linear(x)));
  const Backbone from_sequential = torch::nn::Sequential(linear);
  EXPECT_TRUE(tensors_equal(from_sequential(x), linear(x)));
  EXPECT_TRUE(tensors_equal(Backbone(std::make_shared<PlainImpl>())(x), x + 1));
}

TEST(Backbone, TakesOnlyModulesThatMapTensorsToTensors) {
  struct NoForward : torch::nn::Module {};
  EXPECT_TRUE((std::is_convertible_v<std::shared_ptr<PlainImpl>, Backbone>));
  EXPECT_FALSE((std::is_constructible_v<Backbone, std::shared_ptr<NoForward>>));
  EXPECT_FALSE((std::is_constructible_v<Backbone, int>));
}

TEST(Backbone, ClonesTheModule) {
  torch::nn::Linear linear(3, 4);
  const Backbone backbone = linear;
  const Backbone copy = backbone.clone();
  const at::Tensor x = torch::randn({2, 3});
  EXPECT_TRUE(tensors_equal(copy(x), backbone(x)));
  torch::NoGradGuard no_grad;
  linear->weight.zero_();
  linear->bias.zero_();
  EXPECT_FALSE(tensors_equal(copy(x), backbone(x)));
}

TEST(Backbone, SaysWhatIsMissing) {
  EXPECT_TRUE(Backbone().is_empty());
  EXPECT_EQ(error_text([] { Backbone()(torch::zeros({1})); }), "Backbone: no module was given");
  EXPECT_EQ(error_text([] { Backbone(std::shared_ptr<PlainImpl>()); }),
            "Backbone: module must not be null");
  EXPECT_THAT(error_text([] { Backbone(std::make_shared<PlainImpl>()).clone(); }),
              HasSubstr("clone() has not been implemented"));
}

}  // namespace
}  // namespace lightly::models
