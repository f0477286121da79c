#include "lightly/optim/sgd.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "optim/runs.hpp"
#include "support/matchers.hpp"

namespace lightly::optim {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

// What tests/golden/optim/make_optimizers.py runs.
const std::map<std::string, SGDOptions>& sgd_cases() {
  static const std::map<std::string, SGDOptions> all{
      {"plain", {.lr = 0.06}},
      {"decay", {.lr = 0.06, .weight_decay = 5e-4}},
      {"momentum", {.lr = 0.06, .momentum = 0.9}},
      {"momentum_decay", {.lr = 0.06, .momentum = 0.9, .weight_decay = 5e-4}},
      {"dampening", {.lr = 0.1, .momentum = 0.7, .dampening = 0.3, .weight_decay = 0.01}},
      {"nesterov", {.lr = 0.06, .momentum = 0.9, .nesterov = true}},
      {"nesterov_decay", {.lr = 0.03, .momentum = 0.8, .weight_decay = 1e-3, .nesterov = true}},
      {"groups", {.lr = 0.06, .momentum = 0.9, .weight_decay = 5e-4}},
  };
  return all;
}

TEST(SGD, StepsAgainstTheGradient) {
  const torch::Tensor weight = leaf(torch::tensor({1.0F, -2.0F}));
  SGD sgd({weight}, {.lr = 0.5});
  weight.mutable_grad() = torch::tensor({2.0F, 4.0F});
  sgd.step();
  EXPECT_TRUE(tensors_equal(weight, torch::tensor({0.0F, -4.0F})));
}

TEST(SGD, EqualsPythonBitForBit) {
  const core::Safetensors golden = load_golden("optim/torch_2.14_sgd.safetensors");
  for (const auto& [name, options] : sgd_cases()) {
    expect_golden<SGD>(golden, name, options);
  }
}

TEST(SGD, ForeachKernelsGiveTheSameBits) {
  const core::Safetensors golden = load_golden("optim/torch_2.14_sgd.safetensors");
  for (auto [name, options] : sgd_cases()) {
    options.foreach = true;
    expect_golden<SGD>(golden, name, options);
  }
}

TEST(SGD, TakesParametersThatAreNotDense) {
  const torch::Tensor memory = torch::zeros({4, 6});
  const torch::Tensor weight = memory.slice(1, 0, 3).detach().requires_grad_();
  SGD sgd({weight}, {.lr = 1.0, .momentum = 0.5, .weight_decay = 0.5});
  weight.mutable_grad() = torch::ones({4, 3});
  sgd.step();
  EXPECT_TRUE(tensors_equal(memory.slice(1, 0, 3), -torch::ones({4, 3})));
  EXPECT_TRUE(tensors_equal(memory.slice(1, 3, 6), torch::zeros({4, 3})));
}

TEST(SGD, RejectsBadOptions) {
  const auto text = [](const SGDOptions& options) {
    return error_text([&] { SGD({leaf(torch::zeros({1}))}, options); });
  };
  EXPECT_EQ(error_text([] { SGDOptions{.lr = -1.0}.check(); }),
            "SGD: lr must be >= 0 and finite, got -1");
  EXPECT_EQ(text({.lr = -1.0}), "SGD: lr must be >= 0 and finite, got -1");
  EXPECT_EQ(text({.lr = std::nan("")}), "SGD: lr must be >= 0 and finite, got nan");
  EXPECT_THAT(text({.momentum = -0.1}), HasSubstr("SGD: momentum must be >= 0"));
  EXPECT_THAT(text({.dampening = -0.1}), HasSubstr("SGD: dampening must be >= 0"));
  EXPECT_THAT(text({.weight_decay = -0.1}), HasSubstr("SGD: weight_decay must be >= 0"));
  EXPECT_EQ(text({.nesterov = true}),
            "SGD: nesterov needs momentum > 0 and dampening = 0, got momentum 0 and dampening 0");
  EXPECT_THAT(text({.momentum = 0.9, .dampening = 0.5, .nesterov = true}),
              HasSubstr("got momentum 0.9 and dampening 0.5"));
}

}  // namespace
}  // namespace lightly::optim
