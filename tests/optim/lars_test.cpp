#include "lightly/optim/lars.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/optim/sgd.hpp"
#include "optim/runs.hpp"
#include "support/matchers.hpp"

namespace lightly::optim {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

// What tests/golden/optim/make_optimizers.py runs.
const std::map<std::string, LARSOptions>& lars_cases() {
  static const std::map<std::string, LARSOptions> all{
      {"no_decay", {.lr = 0.1}},
      {"decay", {.lr = 2.0, .weight_decay = 1e-3}},
      {"momentum", {.lr = 2.0, .momentum = 0.9, .weight_decay = 1e-6}},
      {"dampening", {.lr = 3.0, .momentum = 0.7, .dampening = 0.3, .weight_decay = 0.01}},
      {"nesterov", {.lr = 2.0, .momentum = 0.8, .weight_decay = 1e-3, .nesterov = true}},
      {"values",
       {.lr = 0.5, .momentum = 0.9, .weight_decay = 1e-3, .trust_coefficient = 0.02, .eps = 0.5}},
      {"groups", {.lr = 0.3, .momentum = 0.9, .weight_decay = 1e-6}},
  };
  return all;
}

TEST(LARS, AStepIsThatPartOfTheParametersLength) {
  const torch::Tensor weight = leaf(torch::tensor({3.0, 4.0}, torch::kDouble));
  LARS lars({weight}, {.lr = 0.5, .weight_decay = 1.0, .trust_coefficient = 0.2, .eps = 0.0});
  weight.mutable_grad() = torch::tensor({0.0, 10.0}, torch::kDouble);
  lars.step();
  // 0.5 * 0.2 * 5 / (10 + 1 * 5) of the gradient and its decay, (0, 10) + (3, 4).
  const double ratio = 0.5 * 0.2 * 5.0 / 15.0;
  EXPECT_TRUE(tensors_close(
      weight, torch::tensor({3.0 - ratio * 3.0, 4.0 - ratio * 14.0}, torch::kDouble), 1e-15));
}

TEST(LARS, MatchesLightly) {
  const core::Safetensors golden = load_golden("optim/lightly_1.6.0_lars.safetensors");
  for (const auto& [name, options] : lars_cases()) {
    // The order of a length's sum hangs on the layout and on the width of the processor's vectors.
    expect_golden<LARS>(golden, name, options, {.float32 = 1e-6, .float64 = 1e-12});
  }
}

TEST(LARS, WithoutDecayIsSGD) {
  LARS lars(run_parameters(at::kFloat), {.lr = 0.1, .momentum = 0.9, .nesterov = true});
  SGD sgd(run_parameters(at::kFloat), {.lr = 0.1, .momentum = 0.9, .nesterov = true});
  run(lars, 0, kRunSteps);
  run(sgd, 0, kRunSteps);
  for (std::size_t k = 0; k < sgd.parameters().size(); ++k) {
    EXPECT_TRUE(tensors_equal(lars.parameters()[k], sgd.parameters()[k])) << k;
  }
}

TEST(LARS, AParameterOrGradientOfZeroIsNotScaledAndDoesNotDecay) {
  const torch::Tensor zero = leaf(torch::zeros({2}));
  const torch::Tensor still = leaf(torch::ones({2}));
  LARS lars({zero, still}, {.lr = 1.0, .weight_decay = 0.5});
  zero.mutable_grad() = torch::tensor({1.0F, -2.0F});
  still.mutable_grad() = torch::zeros({2});
  lars.step();
  EXPECT_TRUE(tensors_equal(zero, torch::tensor({-1.0F, 2.0F})));
  EXPECT_TRUE(tensors_equal(still, torch::ones({2})));
}

TEST(LARS, OneNaNOfAGradientIsOneOfTheWholeParameter) {
  const torch::Tensor scaled = leaf(torch::ones({2}));
  const torch::Tensor spared = leaf(torch::ones({2}));
  LARS lars({{.parameters = {scaled}}, {.parameters = {spared}, .weight_decay = 0.0}},
            {.lr = 1.0, .weight_decay = 0.5});
  const torch::Tensor gradient = torch::tensor({1.0F, std::numeric_limits<float>::quiet_NaN()});
  scaled.mutable_grad() = gradient;
  spared.mutable_grad() = gradient;
  lars.step();
  EXPECT_TRUE(scaled.isnan().all().item<bool>());
  EXPECT_EQ(spared[0].item<float>(), 0.0F);
}

TEST(LARS, RejectsBadOptions) {
  const auto text = [](const LARSOptions& options) {
    return error_text([&] { LARS({leaf(torch::zeros({1}))}, options); });
  };
  EXPECT_EQ(error_text([] { LARSOptions{.lr = -1.0}.check(); }),
            "LARS: lr must be >= 0 and finite, got -1");
  EXPECT_EQ(text({}), "LARS: lr must be >= 0 and finite, got nan");
  EXPECT_EQ(text({.lr = 1.0, .momentum = -0.1}),
            "LARS: momentum must be >= 0 and finite, got -0.1");
  EXPECT_EQ(text({.lr = 1.0, .dampening = -0.1}),
            "LARS: dampening must be >= 0 and finite, got -0.1");
  EXPECT_EQ(text({.lr = 1.0, .weight_decay = -0.1}),
            "LARS: weight_decay must be >= 0 and finite, got -0.1");
  EXPECT_EQ(text({.lr = 1.0, .trust_coefficient = -0.1}),
            "LARS: trust_coefficient must be >= 0 and finite, got -0.1");
  EXPECT_EQ(text({.lr = 1.0, .eps = -0.1}), "LARS: eps must be >= 0 and finite, got -0.1");
  EXPECT_EQ(text({.lr = 1.0, .nesterov = true}),
            "LARS: nesterov needs momentum > 0 and dampening = 0, got momentum 0 and dampening 0");
}

}  // namespace
}  // namespace lightly::optim
