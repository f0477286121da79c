#include "lightly/models/simsiam.hpp"

#include <limits>

#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/linear.h>
#include <torch/utils.h>

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

constexpr SimSiamOptions kSmall = {
    .num_ftrs = 32, .proj_hidden_dim = 24, .pred_hidden_dim = 8, .out_dim = 16};

SimSiam tiny_model(SimSiamOptions options = {}) {
  options.num_ftrs = 3;
  options.proj_hidden_dim = 5;
  options.pred_hidden_dim = 2;
  options.out_dim = 4;
  return SimSiam(PooledColour(), options);
}

// Compares the model of the golden case's seed with all that the file holds of it.
void expect_golden_simsiam(const std::string& file, const std::string& name, SimSiamOptions options,
                           at::ScalarType type) {
  SCOPED_TRACE(file + " " + name + " " + c10::toString(type));
  const auto golden = load_golden("models/" + file);
  const auto close = [&](const at::Tensor& actual, const std::string& key) {
    const at::Tensor& expected = golden.at(name + "." + key);
    // The golden values are of float64; in float32 the norms over four images enlarge rounding
    // errors, so that those are measured by the largest value.
    return type == at::kDouble ? tensors_close(actual, expected, 1e-10, 1e-10)
                               : tensors_close(actual.to(at::kDouble), expected,
                                               2e-4 * expected.abs().max().item<double>());
  };
  torch::manual_seed(7);
  SimSiam model(small_backbone({.relu_after_stem = false}), options);
  EXPECT_EQ(shape_lines(*model), golden.metadata.at(name + ".shapes"));
  EXPECT_TRUE(tensors_close(initial_sums(*model), golden.at(name + ".initial_sums"), 1e-5));
  if (type == at::kDouble) {
    to_double(*model);
  }
  fill(*model);
  const at::Tensor x0 = image({4, 3, 32, 32}).to(type);
  const at::Tensor x1 = image({8, 3, 32, 32}).slice(0, 4).to(type);
  const auto [first, second] = model->forward_with_features(x0, x1);
  EXPECT_TRUE(close(first.features, "f0"));
  EXPECT_TRUE(close(first.out.z, "z0"));
  EXPECT_TRUE(close(first.out.p, "p0"));
  EXPECT_TRUE(close(second.features, "f1"));
  EXPECT_TRUE(close(second.out.z, "z1"));
  EXPECT_TRUE(close(second.out.p, "p1"));
  const at::Tensor weights = image({4, 16});
  ((first.out.p + first.out.z) * weights + second.out.p * weights.flip(0)).sum().backward();
  int compared = 0;
  for (const auto& item : model->named_parameters()) {
    if (golden.tensors.contains(name + "." + item.key() + ".grad")) {
      EXPECT_TRUE(close(item.value().grad(), item.key() + ".grad")) << item.key();
      ++compared;
    }
  }
  EXPECT_EQ(compared, 3 + options.num_mlp_layers);
  model->eval();
  const auto [z, p] = model(x0);
  EXPECT_TRUE(close(z, "eval.z0"));
  EXPECT_TRUE(close(p, "eval.p0"));
}

TEST(SimSiam, GivesThePythonValuesGradientsAndInitialWeights) {
  for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
    SimSiamOptions options = kSmall;
    expect_golden_simsiam("simsiam_lightly_1.1.0.safetensors", "3", options, type);
    options.num_mlp_layers = 2;
    expect_golden_simsiam("simsiam_lightly_1.1.0.safetensors", "2", options, type);
    options = kSmall;
    options.heads = SimSiamHeads::kModules;
    expect_golden_simsiam("simsiam_lightly_1.5.26.safetensors", "modules", options, type);
  }
}

TEST(SimSiam, HasThePaperSizesByDefault) {
  const SimSiam model(PooledColour(), SimSiamOptions{});
  const auto parameters = model->named_parameters();
  EXPECT_EQ(parameters["projection_mlp.0.0.weight"].sizes(), (Shape{2048, 2048}));
  EXPECT_EQ(parameters["projection_mlp.2.0.weight"].sizes(), (Shape{2048, 2048}));
  EXPECT_EQ(parameters["prediction_mlp.0.0.weight"].sizes(), (Shape{512, 2048}));
  EXPECT_EQ(parameters["prediction_mlp.1.weight"].sizes(), (Shape{2048, 512}));
}

TEST(SimSiam, PassesTheViewsThroughOneAfterTheOther) {
  SimSiam model = tiny_model();
  const at::Tensor x0 = torch::rand({4, 3, 8, 8});
  const at::Tensor x1 = 5 * torch::rand({4, 3, 8, 8});
  const auto [first, second] = model(x0, x1);
  // In training mode, batch statistics over both views together would change the outputs.
  EXPECT_TRUE(tensors_equal(first.z, model(x0).z));
  EXPECT_TRUE(tensors_equal(second.z, model(x1).z));
  EXPECT_TRUE(tensors_equal(first.p, model->prediction_mlp(first.z)));
}

TEST(SimSiam, TakesOneImageInEvalModeOnly) {
  const at::Tensor x = torch::rand({1, 3, 8, 8});
  for (const SimSiamHeads heads : {SimSiamHeads::kEarly, SimSiamHeads::kModules}) {
    SimSiam model = tiny_model({.heads = heads});
    EXPECT_EQ(error_text([&] { model(x); }),
              "SimSiam: a batch must hold two images or more in training mode, where the heads "
              "normalise over it, got 1");
    model->eval();
    const auto [out, features] = model->forward_with_features(x);
    EXPECT_EQ(out.z.sizes(), (Shape{1, 4}));
    EXPECT_EQ(out.p.sizes(), (Shape{1, 4}));
    EXPECT_EQ(features.sizes(), (Shape{1, 3}));
  }
}

TEST(SimSiam, ClonesIntoTensorsOfItsOwn) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = torch::rand({4, 3, 8, 8});
  for (const SimSiamHeads heads : {SimSiamHeads::kEarly, SimSiamHeads::kModules}) {
    SimSiam model = tiny_model({.heads = heads});
    model->eval();
    const auto expected = model(x);
    SimSiam copy(std::dynamic_pointer_cast<SimSiamImpl>(model->clone()));
    EXPECT_EQ(shape_lines(*copy), shape_lines(*model));
    EXPECT_EQ(copy->projection_mlp.module(), copy->named_children()["projection_mlp"]);
    for (const auto& module : copy->modules()) {
      EXPECT_FALSE(module->is_training());
    }
    EXPECT_TRUE(tensors_equal(copy(x).p, expected.p));
    for (at::Tensor& parameter : copy->parameters()) {
      parameter.zero_();
    }
    EXPECT_TRUE(tensors_equal(copy(x).p, torch::zeros_like(expected.p)));
    EXPECT_TRUE(tensors_equal(model(x).z, expected.z));
    EXPECT_TRUE(tensors_equal(model(x).p, expected.p));
  }
}

TEST(SimSiam, ClonesInsideAParent) {
  ParentImpl<SimSiam> parent([] { return tiny_model(); });
  const at::Tensor x = torch::rand({4, 3, 8, 8});
  const at::Tensor expected = parent.child(x).p;
  const auto copy = std::dynamic_pointer_cast<ParentImpl<SimSiam>>(parent.clone());
  EXPECT_TRUE(tensors_equal(copy->child(x).p, expected));
  const at::NoGradGuard no_grad;
  for (at::Tensor& parameter : copy->parameters()) {
    parameter.zero_();
  }
  EXPECT_TRUE(tensors_equal(parent.child(x).p, expected));
}

TEST(SimSiam, PassesNaNOnToItsImageOnlyInEvalMode) {
  SimSiam model = tiny_model();
  model->eval();
  at::Tensor x = torch::rand({2, 3, 8, 8});
  x[1][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  const auto [z, p] = model(x);
  for (const at::Tensor& rows : {z, p}) {
    EXPECT_FALSE(rows[0].isnan().any().item<bool>());
    EXPECT_TRUE(rows[1].isnan().all().item<bool>());
  }
}

TEST(SimSiam, SaysWhatDoesNotFit) {
  SimSiam model = tiny_model();
  EXPECT_EQ(error_text([&] { model(torch::rand({0, 3, 8, 8})); }),
            "SimSiam: a batch must hold one image or more, got [0, 3, 8, 8]");
  SimSiam wide(PooledColour(), kSmall);
  EXPECT_EQ(error_text([&] { wide(torch::rand({2, 3, 8, 8})); }),
            "SimSiam: backbone must give num_ftrs = 32 features per image, got 3 (shape [2, 3])");
  SimSiam flat(torch::nn::Flatten(torch::nn::FlattenOptions().start_dim(0)), kSmall);
  EXPECT_EQ(error_text([&] { flat(torch::rand({2, 3, 8, 8})); }),
            "SimSiam: backbone must give [B, num_ftrs, ...], got [384]");
}

TEST(SimSiam, RejectsBadOptions) {
  EXPECT_EQ(error_text([] { SimSiam(PooledColour(), {.num_ftrs = 0}); }),
            "SimSiam: num_ftrs must be >= 1, got 0");
  EXPECT_EQ(error_text([] { SimSiam(PooledColour(), {.proj_hidden_dim = 0}); }),
            "SimSiam: proj_hidden_dim must be >= 1, got 0");
  EXPECT_EQ(error_text([] { SimSiam(PooledColour(), {.pred_hidden_dim = -1}); }),
            "SimSiam: pred_hidden_dim must be >= 1, got -1");
  EXPECT_EQ(error_text([] { SimSiam(PooledColour(), {.out_dim = 0}); }),
            "SimSiam: out_dim must be >= 1, got 0");
  EXPECT_EQ(error_text([] { SimSiam(PooledColour(), {.num_mlp_layers = 4}); }),
            "SimSiam: num_mlp_layers must be 2 or 3, got 4");
  EXPECT_EQ(error_text([] {
              SimSiam(PooledColour(), {.num_mlp_layers = 2, .heads = SimSiamHeads::kModules});
            }),
            "SimSiam: num_mlp_layers must be 3 with SimSiamHeads::kModules, got 2");
  EXPECT_EQ(error_text([] { SimSiam(Backbone(), kSmall); }),
            "SimSiam: backbone must hold a module, got none");
}

}  // namespace
}  // namespace lightly::models
