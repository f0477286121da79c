#include "lightly/optim/sgd.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "support/matchers.hpp"

namespace lightly::optim {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

constexpr std::size_t kParameters = 3;
constexpr int kSteps = 5;

// What tests/golden/optim/make_sgd.py runs.
const std::map<std::string, SGDOptions>& configurations() {
  static const std::map<std::string, SGDOptions> all{
      {"plain", {.lr = 0.06}},
      {"decay", {.lr = 0.06, .weight_decay = 5e-4}},
      {"momentum", {.lr = 0.06, .momentum = 0.9}},
      {"momentum_decay", {.lr = 0.06, .momentum = 0.9, .weight_decay = 5e-4}},
      {"dampening", {.lr = 0.1, .momentum = 0.7, .dampening = 0.3, .weight_decay = 0.01}},
      {"nesterov", {.lr = 0.06, .momentum = 0.9, .nesterov = true}},
      {"nesterov_decay", {.lr = 0.03, .momentum = 0.8, .weight_decay = 1e-3, .nesterov = true}},
  };
  return all;
}

const core::Safetensors& golden() {
  static const core::Safetensors content = load_golden("optim/torch_2.14_sgd_float32.safetensors");
  return content;
}

torch::Tensor parameter(const torch::Tensor& values) {
  return values.clone().requires_grad_();
}

std::vector<torch::Tensor> start(bool channels_last) {
  std::vector<torch::Tensor> parameters;
  for (std::size_t i = 0; i < kParameters; ++i) {
    torch::Tensor values = golden().at("start." + std::to_string(i)).clone();
    if (channels_last && values.dim() == 4) {
      values = values.contiguous(torch::MemoryFormat::ChannelsLast);
    }
    parameters.push_back(values.requires_grad_());
  }
  return parameters;
}

void run(SGD& sgd, int begin, int end) {
  for (int step = begin; step < end; ++step) {
    sgd.zero_grad();
    for (std::size_t i = 0; i < kParameters; ++i) {
      if (i != 2 || step != 0) {
        sgd.parameters()[i].mutable_grad() =
            golden().at("gradient." + std::to_string(step) + "." + std::to_string(i)).clone();
      }
    }
    if (step == 3) {
      sgd.set_lr(sgd.lr() * 0.5);
    }
    sgd.step();
  }
}

void expect_golden(const SGD& sgd, const std::string& name) {
  const auto state = sgd.state();
  for (std::size_t i = 0; i < kParameters; ++i) {
    const std::string number = std::to_string(i);
    EXPECT_TRUE(tensors_equal(sgd.parameters()[i], golden().at(name + "." + number)))
        << name << " parameter " << i;
    if (sgd.options().momentum != 0.0) {
      EXPECT_TRUE(tensors_equal(state.at("momentum_buffer." + number),
                                golden().at(name + ".momentum_buffer." + number)))
          << name << " buffer " << i;
    }
  }
}

TEST(SGD, StepsAgainstTheGradient) {
  const torch::Tensor weight = parameter(torch::tensor({1.0F, -2.0F}));
  SGD sgd({weight}, {.lr = 0.5});
  weight.mutable_grad() = torch::tensor({2.0F, 4.0F});
  sgd.step();
  EXPECT_TRUE(tensors_equal(weight, torch::tensor({0.0F, -4.0F})));
}

TEST(SGD, EqualsPythonBitForBit) {
  for (const auto& [name, options] : configurations()) {
    SGD sgd(start(false), options);
    run(sgd, 0, kSteps);
    expect_golden(sgd, name);
  }
}

TEST(SGD, ForeachKernelsGiveTheSameBits) {
  for (const auto& [name, options] : configurations()) {
    SGDOptions with_foreach = options;
    with_foreach.foreach = true;
    SGD sgd(start(false), with_foreach);
    run(sgd, 0, kSteps);
    expect_golden(sgd, name);
  }
}

TEST(SGD, MemoryLayoutOfParametersDoesNotChangeTheBits) {
  // The gradients stay in plain layout: a kernel that walks raw memory would pair wrong elements.
  for (const auto& [name, options] : configurations()) {
    SGD sgd(start(true), options);
    run(sgd, 0, kSteps);
    expect_golden(sgd, name);
    EXPECT_TRUE(sgd.parameters()[0].is_contiguous(torch::MemoryFormat::ChannelsLast));
  }
}

TEST(SGD, StateRestoresTheRunBitForBit) {
  for (const auto& [name, options] : configurations()) {
    SGD first(start(true), options);
    run(first, 0, 4);
    std::vector<torch::Tensor> copies;
    for (const torch::Tensor& each : first.parameters()) {
      copies.push_back(parameter(each.detach()));
    }
    SGD second(copies, options);
    second.load_state(first.state());
    EXPECT_EQ(second.lr(), first.lr());
    run(second, 4, kSteps);
    expect_golden(second, name);
  }
}

TEST(SGD, LoadedStateIsACopy) {
  const torch::Tensor weight = parameter(torch::zeros({2}));
  SGD sgd({weight}, {.lr = 1.0, .momentum = 0.5});
  std::map<std::string, at::Tensor> state{{"lr", torch::tensor(2.0, torch::kDouble)},
                                          {"momentum_buffer.0", torch::ones({2})}};
  sgd.load_state(state);
  state.at("momentum_buffer.0").fill_(7.0);
  EXPECT_TRUE(tensors_equal(sgd.state().at("momentum_buffer.0"), torch::ones({2})));
  EXPECT_EQ(sgd.lr(), 2.0);
}

TEST(SGD, LeavesParametersWithoutGradientAlone) {
  const torch::Tensor still = parameter(torch::ones({2}));
  SGD sgd({still}, {.lr = 1.0, .momentum = 0.9, .weight_decay = 0.5});
  sgd.step();
  EXPECT_TRUE(tensors_equal(still, torch::ones({2})));
  EXPECT_EQ(sgd.state().size(), 1U);
}

TEST(SGD, ZeroGradDropsTheGradients) {
  const torch::Tensor weight = parameter(torch::ones({2}));
  SGD sgd({weight}, {});
  weight.mutable_grad() = torch::ones({2});
  sgd.zero_grad();
  EXPECT_FALSE(weight.grad().defined());
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
    return error_text([&] { SGD({parameter(torch::zeros({1}))}, options); });
  };
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

TEST(SGD, RejectsBadParameters) {
  const torch::Tensor weight = parameter(torch::ones({2}));
  EXPECT_EQ(error_text([] { SGD({}, SGDOptions{}); }), "SGD: parameters must not be empty");
  EXPECT_EQ(error_text([&] { SGD({weight, weight * 2.0}, {}); }),
            "SGD: every parameter must be a leaf of the graph, number 1 is not");
  EXPECT_THAT(error_text([] { SGD({at::Tensor()}, {}); }), HasSubstr("number 0 is not"));
  EXPECT_EQ(error_text([&] { SGD({weight, weight}, {}); }),
            "SGD: no parameter may be given twice, number 1 is");
  SGD sgd({weight}, {});
  EXPECT_THAT(error_text([&] { sgd.set_lr(-2.0); }), HasSubstr("lr must be >= 0"));
  weight.mutable_grad() = torch::ones({2}).to_sparse();
  EXPECT_THAT(error_text([&] { sgd.step(); }),
              HasSubstr("SGD: gradients must be dense, that of parameter 0 is Sparse"));
}

TEST(SGD, ListsEverythingThatIsWrongWithAStateAndKeepsItsOwn) {
  SGD sgd({parameter(torch::ones({2})), parameter(torch::ones({3}))},
          {.lr = 0.25, .momentum = 0.9});
  const std::string text = error_text([&] {
    sgd.load_state({{"momentum_buffer.0", torch::zeros({3})},
                    {"momentum_buffer.1", torch::zeros({3}, torch::kDouble)},
                    {"momentum_buffer.2", torch::zeros({3})},
                    {"momentum_buffer.01", torch::zeros({3})},
                    {"exp_avg.0", torch::zeros({2})}});
  });
  EXPECT_THAT(text, HasSubstr("SGD: the state does not fit: missing lr; "));
  EXPECT_THAT(text, HasSubstr("momentum_buffer.0 is Float [3], expected Float [2]"));
  EXPECT_THAT(text, HasSubstr("momentum_buffer.1 is Double [3], expected Float [3]"));
  EXPECT_THAT(text, HasSubstr("unexpected momentum_buffer.2"));
  EXPECT_THAT(text, HasSubstr("unexpected momentum_buffer.01"));
  EXPECT_THAT(text, HasSubstr("unexpected exp_avg.0"));
  EXPECT_EQ(sgd.state().size(), 1U);
  EXPECT_EQ(sgd.lr(), 0.25);
  EXPECT_THAT(error_text([&] { sgd.load_state({{"lr", torch::ones({2})}}); }),
              HasSubstr("lr is Float [2], expected a Double scalar"));
  EXPECT_THAT(error_text([&] { sgd.load_state({{"lr", torch::tensor(-1.0, torch::kDouble)}}); }),
              HasSubstr("lr is -1, expected >= 0 and finite"));
}

}  // namespace
}  // namespace lightly::optim
