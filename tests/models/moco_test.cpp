#include "lightly/models/moco.hpp"

#include <algorithm>
#include <limits>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/utils.h>

#include "lightly/core/autocast.hpp"
#include "lightly/models/split_batch_norm.hpp"
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

// Plain gradient descent on what requires gradients.
void descend(const MoCo& model, double lr) {
  const at::NoGradGuard no_grad;
  for (at::Tensor& parameter : model->parameters()) {
    if (parameter.grad().defined()) {
      parameter.sub_(parameter.grad(), lr);
      parameter.mutable_grad().reset();
    }
  }
}

// The parameters of the momentum encoder or of the encoder, copied.
std::vector<at::Tensor> encoder_parameters(const MoCo& model, bool of_momentum) {
  std::vector<at::Tensor> tensors;
  for (const auto& item : model->named_parameters()) {
    if (item.key().starts_with("momentum_") == of_momentum) {
      tensors.push_back(item.value().detach().clone());
    }
  }
  return tensors;
}

bool all_equal(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  return std::ranges::equal(
      a, b, [](const at::Tensor& x, const at::Tensor& y) { return at::equal(x, y); });
}

// A model whose encoder differs from its momentum encoder.
MoCo moved_model(MoCoOptions options = {}) {
  options.num_ftrs = 3;
  MoCo model(PooledColour(), options);
  const at::NoGradGuard no_grad;
  for (at::Tensor& parameter : model->parameters()) {
    if (parameter.requires_grad()) {
      parameter.add_(1);
    }
  }
  return model;
}

MoCo golden_model(MoCoOptions options, at::ScalarType type) {
  options.num_ftrs = 32;
  options.out_dim = 16;
  options.m = 0.9;
  MoCo model(small_backbone({.relu_after_stem = false}), options);
  if (type == at::kDouble) {
    to_double(*model);
  }
  fill(*model);
  return model;
}

TEST(MoCo, HasThePythonNamesShapesAndInitialWeights) {
  const auto golden = load_golden("models/moco_lightly_1.1.0.safetensors");
  torch::manual_seed(7);
  const MoCo model(small_backbone(), {.num_ftrs = 32, .out_dim = 16});
  EXPECT_EQ(shape_lines(*model), golden.metadata.at("shapes"));
  EXPECT_TRUE(tensors_close(initial_sums(*model), golden.at("initial_sums"), 1e-5));
}

TEST(MoCo, GivesThePythonOutputsGradientsAndMomentumOverTwoSteps) {
  const auto golden = load_golden("models/moco_lightly_1.1.0.safetensors");
  MoCo model = golden_model({.update_on_forward = true}, at::kDouble);
  const at::Tensor x0 = image({4, 3, 32, 32}).to(at::kDouble);
  const at::Tensor x1 = image({8, 3, 32, 32}).slice(0, 4).to(at::kDouble);
  const auto close = [&](const at::Tensor& actual, const std::string& name) {
    return tensors_close(actual, golden.at(name), 1e-10, 1e-10);
  };
  for (const std::string step : {"first.", "second."}) {
    const auto [first, second] = model->forward_with_features(x0, x1);
    EXPECT_TRUE(close(first.out, step + "out0"));
    EXPECT_TRUE(close(first.features, step + "f0"));
    EXPECT_TRUE(close(second.out, step + "out1"));
    EXPECT_TRUE(close(second.features, step + "f1"));
    (first.out.square().sum() + (first.out * second.out).sum()).backward();
    for (const std::string name : {"backbone.0.weight", "backbone.5.0.bn1.weight",
                                   "projection_head.0.weight", "projection_head.2.bias"}) {
      EXPECT_TRUE(close(model->named_parameters()[name].grad(), step + name + ".grad"));
    }
    descend(model, 0.5);
    for (const std::string name :
         {"momentum_backbone.0.weight", "momentum_backbone.1.running_mean",
          "momentum_backbone.1.num_batches_tracked", "momentum_projection_head.0.weight"}) {
      EXPECT_TRUE(close(state_dict(*model)[name], step + name));
    }
  }
  model->options.batch_shuffle = true;
  const auto copy = std::dynamic_pointer_cast<MoCoImpl>(model->clone());
  EXPECT_TRUE(close(copy->forward(x0, x1).second, "shuffled.out1"));
  model->eval();
  const auto [out0, out1] = model(x0, x1);
  EXPECT_TRUE(close(out0, "eval.out0"));
  EXPECT_TRUE(close(out1, "eval.out1"));
  EXPECT_TRUE(
      close(state_dict(*model)["momentum_backbone.0.weight"], "eval.momentum_backbone.0.weight"));
}

TEST(MoCo, UpdatedAfterTheStepFollowsThePythonCourse) {
  const auto golden = load_golden("models/moco_lightly_1.1.0.safetensors");
  MoCo model = golden_model({}, at::kDouble);
  const at::Tensor x0 = image({4, 3, 32, 32}).to(at::kDouble);
  const at::Tensor x1 = image({8, 3, 32, 32}).slice(0, 4).to(at::kDouble);
  for (const std::string step : {"first.", "second."}) {
    const auto [out0, out1] = model(x0, x1);
    EXPECT_TRUE(tensors_close(out0, golden.at(step + "out0"), 1e-10, 1e-10));
    EXPECT_TRUE(tensors_close(out1, golden.at(step + "out1"), 1e-10, 1e-10));
    (out0.square().sum() + (out0 * out1).sum()).backward();
    descend(model, 0.5);
    model->update_momentum();
  }
}

TEST(MoCo, GivesThePythonOutputsAndGradientsInFloat32) {
  // The first step's: the second one's gradients, after so long a step, enlarge rounding errors.
  const auto golden = load_golden("models/moco_lightly_1.1.0.safetensors");
  MoCo model = golden_model({.update_on_forward = true}, at::kFloat);
  const auto close = [&](const at::Tensor& actual, const std::string& name) {
    return tensors_close(actual.to(at::kDouble), golden.at("first." + name), 2e-5, 2e-5);
  };
  const auto [first, second] =
      model->forward_with_features(image({4, 3, 32, 32}), image({8, 3, 32, 32}).slice(0, 4));
  EXPECT_TRUE(close(first.out, "out0"));
  EXPECT_TRUE(close(first.features, "f0"));
  EXPECT_TRUE(close(second.out, "out1"));
  EXPECT_TRUE(close(second.features, "f1"));
  (first.out.square().sum() + (first.out * second.out).sum()).backward();
  for (const std::string name : {"backbone.0.weight", "backbone.5.0.bn1.weight",
                                 "projection_head.0.weight", "projection_head.2.bias"}) {
    EXPECT_TRUE(close(model->named_parameters()[name].grad(), name + ".grad")) << name;
  }
}

TEST(MoCo, CopiesTheModesAndStatisticsOfItsBackbone) {
  // The parent is in eval mode and its child is not, which sets the copy's modes one by one.
  SplitBatchNorm norm({.num_features = 3, .num_splits = 2});
  const at::Tensor statistics = torch::arange(6, torch::kFloat);
  torch::nn::Sequential backbone(norm);
  backbone->eval();
  norm->train();
  norm->running_mean.copy_(statistics);
  const MoCo model(backbone, {.num_ftrs = 3});
  const auto state = state_dict(*model);
  EXPECT_TRUE(tensors_equal(state["backbone.0.running_mean"], statistics));
  EXPECT_TRUE(tensors_equal(state["momentum_backbone.0.running_mean"], statistics));
  const auto copy = model->named_modules()["momentum_backbone"];
  EXPECT_FALSE(copy->is_training());
  EXPECT_TRUE(copy->children()[0]->is_training());
}

// A clone that has a layer more than its original.
struct GrowingImpl : torch::nn::Module {
  std::shared_ptr<torch::nn::Module> clone(const std::optional<at::Device>&) const override {
    auto copy = std::make_shared<GrowingImpl>();
    copy->register_module("late", torch::nn::Flatten());
    return copy;
  }
  torch::Tensor forward(const torch::Tensor& x) { return x; }
};

TEST(MoCo, SaysWhenTheCopyOfItsBackboneHasOtherModules) {
  EXPECT_EQ(error_text([] { MoCo(std::make_shared<GrowingImpl>(), {.num_ftrs = 3}); }),
            "MoCo: backbone must be cloneable for the momentum encoder, got: clone() must give as "
            "many modules as the module has, 1, got 2");
}

TEST(MoCo, StartsAsTwoEqualEncodersThatShareNothing) {
  const MoCo model(small_backbone());
  EXPECT_TRUE(all_equal(encoder_parameters(model, true), encoder_parameters(model, false)));
  for (const auto& item : model->named_parameters()) {
    const bool of_momentum = item.key().starts_with("momentum_");
    EXPECT_EQ(item.value().requires_grad(), !of_momentum) << item.key();
    if (!of_momentum) {
      EXPECT_NE(item.value().data_ptr(),
                model->named_parameters()["momentum_" + item.key()].data_ptr());
    }
  }
}

TEST(MoCo, UpdatesItsMomentumOnceForASymmetricLoss) {
  MoCo model = moved_model({.m = 0.75});
  const at::Tensor x0 = torch::rand({4, 3, 8, 8});
  const at::Tensor x1 = torch::rand({4, 3, 8, 8});
  const auto before = encoder_parameters(model, true);
  const auto [out0, key1] = model(x0, x1);
  const auto [out1, key0] = model(x1, x0);
  EXPECT_TRUE(all_equal(encoder_parameters(model, true), before));
  ((out0 * key1).sum() + (out1 * key0).sum()).backward();
  model->update_momentum();
  const auto encoder = encoder_parameters(model, false);
  const auto after = encoder_parameters(model, true);
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_TRUE(tensors_equal(after[i], before[i] * 0.75 + encoder[i] * 0.25));
  }
}

TEST(MoCo, UpdatesInPlace) {
  MoCo model = moved_model();
  const void* memory = model->named_parameters()["momentum_backbone.scale"].data_ptr();
  model->update_momentum();
  EXPECT_EQ(model->named_parameters()["momentum_backbone.scale"].data_ptr(), memory);
}

TEST(MoCo, RefusesASecondUpdateInOneStep) {
  MoCo model = moved_model();
  const at::Tensor x = torch::rand({2, 3, 8, 8});
  model->update_momentum();
  const char* twice =
      "MoCo: update_momentum() needs a forward in training mode since the last call";
  EXPECT_EQ(error_text([&] { model->update_momentum(); }), twice);
  model->eval();
  model(x, x);
  model->train();
  EXPECT_EQ(error_text([&] { model->update_momentum(); }), twice);
  model(x);
  model->update_momentum();
}

TEST(MoCo, DoesNotChangeItsMomentumInEvalMode) {
  MoCo model = moved_model();
  const at::Tensor x = torch::rand({2, 3, 8, 8});
  const auto before = encoder_parameters(model, true);
  model->eval();
  model(x);
  model(x, x);
  EXPECT_EQ(error_text([&] { model->update_momentum(); }),
            "MoCo: update_momentum() needs training mode, got eval mode");
  EXPECT_TRUE(all_equal(encoder_parameters(model, true), before));
}

TEST(MoCo, UpdatesOnEveryForwardWhenAskedAsPythonDoes) {
  MoCo model = moved_model({.update_on_forward = true});
  const at::Tensor x = torch::rand({2, 3, 8, 8});
  const auto changes = [&](const auto& act) {
    const auto before = encoder_parameters(model, true);
    act();
    return !all_equal(encoder_parameters(model, true), before);
  };
  EXPECT_TRUE(changes([&] { model(x, x); }));
  EXPECT_TRUE(changes([&] { model(x); }));
  model->eval();
  EXPECT_TRUE(changes([&] { model(x); }));
  EXPECT_EQ(error_text([&] { model->update_momentum(); }),
            "MoCo: update_momentum() is not for update_on_forward, with which forward updates");
}

TEST(MoCo, AveragesRunningStatisticsWhenAsked) {
  const at::Tensor x = torch::rand({4, 3, 32, 32});
  for (const bool average : {false, true}) {
    MoCo model(small_backbone(), {.m = 0.75, .average_buffers = average});
    model(x);  // only the encoder has seen a batch
    model->update_momentum();
    const auto state = state_dict(*model);
    const at::Tensor expected = (average ? 0.25 : 0.0) * state["backbone.1.running_mean"];
    EXPECT_TRUE(tensors_equal(state["momentum_backbone.1.running_mean"], expected));
    EXPECT_EQ(state["momentum_backbone.1.num_batches_tracked"].item<std::int64_t>(),
              average ? 1 : 0);
  }
}

TEST(MoCo, LetsNoGradientReachTheMomentumEncoder) {
  MoCo model(small_backbone());
  const auto [first, second] = model->forward_with_features(
      torch::randn({4, 3, 32, 32}), torch::randn({4, 3, 32, 32}, at::requires_grad()));
  EXPECT_FALSE(second.out.requires_grad());
  EXPECT_FALSE(second.features.requires_grad());
  (first.out * second.out).sum().backward();
  for (const auto& item : model->named_parameters()) {
    EXPECT_EQ(item.value().grad().defined(), !item.key().starts_with("momentum_")) << item.key();
  }
}

// Normalises a batch by its first image: what is given depends on the order of the batch.
struct OrderedImpl : torch::nn::Cloneable<OrderedImpl> {
  void reset() override {}
  torch::Tensor forward(const torch::Tensor& x) { return x.mean({2, 3}) - x[0].mean({1, 2}); }
};
TORCH_MODULE(Ordered);

TEST(MoCo, ShufflesWhatTheMomentumEncoderSeesAndOrdersWhatItGives) {
  const at::Tensor x = torch::rand({9, 3, 4, 4});
  MoCo model(
      Ordered(),
      {.num_ftrs = 3, .batch_shuffle = true, .generator = at::detail::createCPUGenerator(3)});
  const auto golden = load_golden("models/moco_lightly_1.1.0.safetensors");
  const std::int64_t first = golden.at("shuffle")[0].item<std::int64_t>();
  ASSERT_NE(first, 0);
  const at::Tensor colours = x.mean({2, 3});
  const auto [one, two] = model->forward_with_features(x, x);
  EXPECT_TRUE(tensors_close(one.features, colours - colours[0], 1e-6));
  EXPECT_TRUE(tensors_close(two.features, colours - colours[first], 1e-6));
  EXPECT_TRUE(tensors_close(two.out, model->momentum_projection_head->forward(two.features), 1e-6));
  model->options.batch_shuffle = false;
  EXPECT_TRUE(tensors_equal(model(x, x).first, model(x, x).second));
}

TEST(MoCo, KeepsTheBatchAxisOfOneImage) {
  MoCo model(small_backbone(), {.batch_shuffle = true});
  const at::Tensor x = torch::randn({1, 3, 32, 32});
  for (const bool training : {true, false}) {
    model->train(training);
    const auto [first, second] = model->forward_with_features(x, x);
    EXPECT_EQ(first.out.sizes(), (Shape{1, 128}));
    EXPECT_EQ(second.out.sizes(), (Shape{1, 128}));
    EXPECT_EQ(second.features.sizes(), (Shape{1, 32}));
  }
}

TEST(MoCo, UpdatesBetweenForwardsUnderAutocast) {
  MoCo model = moved_model({.m = 0.0});
  const at::Tensor x = torch::rand({2, 3, 8, 8});
  const core::AutocastGuard autocast(at::kCPU, at::kBFloat16);
  const at::Tensor before = model(x, x).second;
  model->update_momentum();
  const auto [out, key] = model(x, x);
  EXPECT_TRUE(tensors_equal(key, out));
  EXPECT_FALSE(at::equal(key, before));
}

TEST(MoCo, ClonesIntoTensorsOfItsOwn) {
  MoCo model = moved_model();
  model->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor x = torch::randn({2, 3, 8, 8});
  const auto [out, key] = model(x, x);
  MoCo copy(std::dynamic_pointer_cast<MoCoImpl>(model->clone()));
  EXPECT_EQ(shape_lines(*copy), shape_lines(*model));
  EXPECT_EQ(copy->momentum_backbone.module(), copy->named_children()["momentum_backbone"]);
  for (const auto& item : copy->named_parameters()) {
    EXPECT_EQ(item.value().requires_grad(), !item.key().starts_with("momentum_")) << item.key();
  }
  EXPECT_TRUE(tensors_equal(copy(x, x).first, out));
  EXPECT_TRUE(tensors_equal(copy(x, x).second, key));
  for (at::Tensor& parameter : copy->parameters()) {
    parameter.zero_();
  }
  EXPECT_TRUE(tensors_equal(copy(x, x).second, torch::zeros_like(key)));
  EXPECT_TRUE(tensors_equal(model(x, x).first, out));
  EXPECT_TRUE(tensors_equal(model(x, x).second, key));
}

TEST(MoCo, ClonesInsideAParent) {
  ParentImpl<MoCo> parent([] { return moved_model(); });
  const at::Tensor x = torch::randn({2, 3, 8, 8});
  const auto copy = std::dynamic_pointer_cast<ParentImpl<MoCo>>(parent.clone());
  EXPECT_TRUE(tensors_equal(copy->child(x, x).second, parent.child(x, x).second));
  const at::Tensor before = parent.child(x, x).second;
  copy->child->update_momentum();
  EXPECT_FALSE(at::equal(copy->child(x, x).second, before));
  EXPECT_TRUE(tensors_equal(parent.child(x, x).second, before));
}

TEST(MoCo, PassesNaNOnToItsImageOnly) {
  MoCo model = moved_model();
  at::Tensor x = torch::rand({2, 3, 8, 8});
  x[1][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  const auto [out, key] = model(x, x);
  for (const at::Tensor& rows : {out, key}) {
    EXPECT_FALSE(rows[0].isnan().any().item<bool>());
    EXPECT_TRUE(rows[1].isnan().all().item<bool>());
  }
}

TEST(MoCo, SaysWhatDoesNotFit) {
  const at::Tensor x = torch::randn({2, 3, 32, 32});
  MoCo model(small_backbone(), {.num_ftrs = 512});
  EXPECT_EQ(error_text([&] { model(x); }),
            "MoCo: backbone must give num_ftrs = 512 features per image, got 32 (shape "
            "[2, 32, 1, 1])");
  MoCo flat(torch::nn::Flatten(torch::nn::FlattenOptions().start_dim(0)));
  EXPECT_EQ(error_text([&] { flat(x); }),
            "MoCo: backbone must give [B, num_ftrs, ...], got [6144]");
  MoCo small(PooledColour(), {.num_ftrs = 3});
  for (const bool shuffled : {false, true}) {
    small->options.batch_shuffle = shuffled;
    EXPECT_EQ(error_text([&] { small(x, x.slice(0, 0, 0)); }),
              "MoCo: a batch must hold one image or more, got [0, 3, 32, 32]");
  }
}

TEST(MoCo, SaysWhenTheBackboneCannotBeCopied) {
  const auto make = [] { MoCo(std::make_shared<NotCloneableImpl>(), {.num_ftrs = 3}); };
  EXPECT_THAT(error_text(make),
              ::testing::StartsWith("MoCo: backbone must be cloneable for the momentum encoder, "
                                    "got: clone() has not been implemented for "));
  EXPECT_THROW(make(), c10::ValueError);
}

TEST(MoCo, RejectsBadOptions) {
  EXPECT_EQ(error_text([] { MoCo(PooledColour(), {.num_ftrs = 0}); }),
            "MoCo: num_ftrs must be >= 1, got 0");
  EXPECT_EQ(error_text([] { MoCo(PooledColour(), {.out_dim = -3}); }),
            "MoCo: out_dim must be >= 1, got -3");
  EXPECT_EQ(error_text([] { MoCo(PooledColour(), {.m = 1.01}); }),
            "MoCo: m must be in [0, 1], got 1.01");
  EXPECT_EQ(error_text([] { MoCo(PooledColour(), {.m = -0.5}); }),
            "MoCo: m must be in [0, 1], got -0.5");
  EXPECT_EQ(error_text([] { MoCo(Backbone(), {.num_ftrs = 32}); }),
            "MoCo: backbone must hold a module, got none");
}

}  // namespace
}  // namespace lightly::models
