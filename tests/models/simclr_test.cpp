#include "lightly/models/simclr.hpp"

#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/utils.h>

#include "lightly/core/autocast.hpp"
#include "models/formulas.hpp"
#include "models/small_models.hpp"
#include "support/matchers.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

using Shape = std::vector<std::int64_t>;

TEST(SimCLR, GivesThePythonOutputsFeaturesAndGradients) {
  const auto golden = load_golden("models/simclr_lightly_1.1.0.safetensors");
  SimCLR model(small_backbone({.relu_after_stem = false}), {.num_ftrs = 32, .out_dim = 16});
  EXPECT_EQ(key_lines(*model), golden.metadata.at("keys"));
  fill(*model);
  const at::Tensor x0 = image({4, 3, 32, 32});
  const at::Tensor x1 = image({8, 3, 32, 32}).slice(0, 4);
  const auto [first, second] = model->forward_with_features(x0, x1);
  EXPECT_TRUE(tensors_close(first.out, golden.at("out0"), 1e-6));
  EXPECT_TRUE(tensors_close(second.out, golden.at("out1"), 1e-6));
  EXPECT_TRUE(tensors_close(first.features, golden.at("f0"), 2e-6));
  EXPECT_TRUE(tensors_close(second.features, golden.at("f1"), 2e-6));
  (first.out.square().mean() + second.out.square().mean() * 2).backward();
  const auto parameters = model->named_parameters();
  EXPECT_TRUE(
      tensors_close(parameters["backbone.0.weight"].grad(), golden.at("conv1.grad"), 2e-6, 1e-4));
  EXPECT_TRUE(tensors_close(parameters["projection_head.0.weight"].grad(), golden.at("head.grad"),
                            1e-6, 1e-4));
  EXPECT_TRUE(tensors_close(state_dict(*model)["backbone.1.running_mean"],
                            golden.at("running_mean"), 1e-8));
  model->eval();
  EXPECT_TRUE(tensors_close(model(x0), golden.at("eval"), 1e-6));
}

TEST(SimCLR, PassesTheViewsThroughOneAfterTheOther) {
  SimCLR model(small_backbone());
  const at::Tensor x0 = torch::randn({4, 3, 32, 32});
  const at::Tensor x1 = 5 * torch::randn({4, 3, 32, 32});
  const auto [out0, out1] = model(x0, x1);
  // In training mode, batch statistics over both views together would change the outputs.
  EXPECT_TRUE(tensors_equal(out0, model(x0)));
  EXPECT_TRUE(tensors_equal(out1, model(x1)));
}

TEST(SimCLR, KeepsTheBatchAxisOfOneImage) {
  SimCLR model(small_backbone());
  model->eval();
  const auto [out, features] = model->forward_with_features(torch::randn({1, 3, 32, 32}));
  EXPECT_EQ(out.sizes(), (Shape{1, 128}));
  EXPECT_EQ(features.sizes(), (Shape{1, 32}));
}

TEST(SimCLR, TakesAnyBackbone) {
  const at::Tensor x = torch::randn({2, 3, 8, 8});
  SimCLR own(PooledColour(), {.num_ftrs = 3, .out_dim = 5});
  EXPECT_EQ(own(x).sizes(), (Shape{2, 5}));
  SimCLR pointer(std::make_shared<PooledColourImpl>(), {.num_ftrs = 3});
  EXPECT_EQ(pointer(x).sizes(), (Shape{2, 128}));
  SimCLR sequential(
      torch::nn::Sequential(torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 2, 8)), PooledColour()),
      {.num_ftrs = 3});
  EXPECT_EQ(key_lines(*sequential).substr(0, 17), "backbone.0.weight");
  SimCLR unpooled(torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 2, 7)), {.num_ftrs = 8});
  EXPECT_EQ(unpooled(x).sizes(), (Shape{2, 128}));
}

TEST(SimCLR, SharesTheBackboneWithTheCaller) {
  const ResNetBackbone backbone = small_backbone();
  const SimCLR model(backbone);
  EXPECT_EQ(model->backbone.module(), backbone.ptr());
  EXPECT_EQ(model->named_parameters()["backbone.0.weight"].data_ptr(),
            backbone->conv1->weight.data_ptr());
}

TEST(SimCLR, WorksUnderBfloat16AutocastInChannelsLast) {
  SimCLR model(small_backbone());
  const at::Tensor x0 = torch::randn({4, 3, 32, 32});
  at::Tensor expected;
  {
    const at::NoGradGuard no_grad;
    expected = model(x0);
    for (at::Tensor& parameter : model->parameters()) {
      if (parameter.dim() == 4) {
        parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
      }
    }
  }
  at::Tensor out;
  {
    const core::AutocastGuard autocast(at::kCPU, at::kBFloat16);
    out = model(x0.contiguous(at::MemoryFormat::ChannelsLast));
  }
  EXPECT_EQ(out.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(tensors_close(out, expected, 0.05));
  out.sum().backward();
  for (const auto& item : model->named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_EQ(item.value().grad().scalar_type(), at::kFloat);
  }
}

TEST(SimCLR, ClonesIntoTensorsOfItsOwn) {
  SimCLR model(small_backbone());
  model->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor x = torch::randn({2, 3, 32, 32});
  const at::Tensor expected = model(x);
  SimCLR copy(std::dynamic_pointer_cast<SimCLRImpl>(model->clone()));
  EXPECT_TRUE(tensors_equal(copy(x), expected));
  EXPECT_EQ(key_lines(*copy), key_lines(*model));
  EXPECT_FALSE(copy->projection_head->is_training());
  // The clone's backbone is the child that it registers, not the original's.
  EXPECT_EQ(copy->backbone.module(), copy->named_children()["backbone"]);
  for (at::Tensor& parameter : copy->parameters()) {
    parameter.zero_();
  }
  EXPECT_TRUE(tensors_equal(copy(x), torch::zeros_like(expected)));
  EXPECT_TRUE(tensors_equal(model(x), expected));
  EXPECT_EQ(model->backbone.module(), model->named_children()["backbone"]);
}

TEST(SimCLR, ClonesInsideAParent) {
  ParentImpl<SimCLR> parent([] { return SimCLR(small_backbone()); });
  parent.eval();
  const at::Tensor x = torch::randn({2, 3, 32, 32});
  const at::Tensor expected = parent.child(x).detach();
  const auto copy = std::dynamic_pointer_cast<ParentImpl<SimCLR>>(parent.clone());
  EXPECT_TRUE(tensors_equal(copy->child(x), expected));
  const at::NoGradGuard no_grad;
  for (at::Tensor& parameter : copy->parameters()) {
    parameter.zero_();
  }
  EXPECT_TRUE(tensors_equal(copy->child(x), torch::zeros_like(expected)));
  EXPECT_TRUE(tensors_equal(parent.child(x), expected));
}

TEST(SimCLR, ClonesWithTheModesAndTheFrozenParameters) {
  SimCLR model(small_backbone());
  model->eval();
  model->backbone.module()->train();
  model->projection_head->parameters()[0].requires_grad_(false);
  const auto copy = std::dynamic_pointer_cast<SimCLRImpl>(model->clone());
  EXPECT_FALSE(copy->projection_head->is_training());
  EXPECT_TRUE(copy->backbone.module()->is_training());
  EXPECT_FALSE(copy->projection_head->parameters()[0].requires_grad());
  EXPECT_TRUE(copy->projection_head->parameters()[1].requires_grad());
}

TEST(SimCLR, HasTheHeadOfTheEarlyPythonVersions) {
  const SimCLR model(PooledColour(), {.num_ftrs = 3, .out_dim = 5});
  EXPECT_EQ(shape_lines(*model),
            "backbone.scale [3]\nprojection_head.0.weight [3, 3]\nprojection_head.0.bias [3]\n"
            "projection_head.2.weight [5, 3]\nprojection_head.2.bias [5]");
}

TEST(SimCLR, SaysBothNumbersWhenTheFeaturesDoNotFit) {
  SimCLR model(small_backbone(), {.num_ftrs = 512});
  const at::Tensor x = torch::randn({2, 3, 32, 32});
  EXPECT_EQ(error_text([&] { model(x); }),
            "SimCLR: backbone must give num_ftrs = 512 features per image, got 32 (shape "
            "[2, 32, 1, 1])");
  EXPECT_THROW(model(x), c10::ValueError);
  SimCLR flat(torch::nn::Flatten(torch::nn::FlattenOptions().start_dim(0)));
  EXPECT_EQ(error_text([&] { flat(x); }),
            "SimCLR: backbone must give [B, num_ftrs, ...], got [6144]");
  EXPECT_EQ(error_text([&] { model(x.slice(0, 0, 0)); }),
            "SimCLR: a batch must hold one image or more, got [0, 3, 32, 32]");
}

TEST(SimCLR, RejectsBadOptions) {
  EXPECT_EQ(error_text([] { SimCLR(small_backbone(), {.num_ftrs = 0}); }),
            "SimCLR: num_ftrs must be >= 1, got 0");
  EXPECT_EQ(error_text([] { SimCLR(small_backbone(), {.out_dim = -3}); }),
            "SimCLR: out_dim must be >= 1, got -3");
  EXPECT_EQ(error_text([] { SimCLR(Backbone(), {.num_ftrs = 32}); }),
            "SimCLR: backbone must hold a module, got none");
}

TEST(SimCLR, IsReproducibleFromTheSeed) {
  const at::Tensor x = image({2, 3, 32, 32});
  torch::manual_seed(3);
  SimCLR first(small_backbone());
  torch::manual_seed(3);
  SimCLR second(small_backbone());
  torch::manual_seed(4);
  SimCLR third(small_backbone());
  EXPECT_TRUE(tensors_equal(first(x), second(x)));
  EXPECT_FALSE(tensors_equal(first(x), third(x)));
}

}  // namespace
}  // namespace lightly::models
