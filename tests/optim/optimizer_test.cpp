#include "lightly/optim/optimizer.hpp"

#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/optim/adamw.hpp"
#include "lightly/optim/lars.hpp"
#include "lightly/optim/sgd.hpp"
#include "optim/runs.hpp"
#include "support/matchers.hpp"

namespace lightly::optim {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;

torch::Tensor doubles(const std::vector<double>& values) {
  return torch::tensor(values, torch::kDouble);
}

// One of each kind.
std::vector<std::unique_ptr<Optimizer>> optimizers(const std::vector<ParameterGroup>& groups) {
  std::vector<std::unique_ptr<Optimizer>> all;
  all.push_back(std::make_unique<SGD>(groups, SGDOptions{.lr = 0.1, .momentum = 0.9}));
  all.push_back(std::make_unique<AdamW>(groups, AdamWOptions{.amsgrad = true}));
  all.push_back(std::make_unique<AdamW>(groups, AdamWOptions{.fused = false}));
  all.push_back(std::make_unique<LARS>(
      groups, LARSOptions{.lr = 2.0, .momentum = 0.9, .weight_decay = 1e-3}));
  return all;
}

// --- Groups --------------------------------------------------------------------------------------

TEST(Optimizer, AGroupHasItsOwnDecayAndAFactorOfTheLearningRate) {
  const torch::Tensor a = leaf(torch::ones({1}));
  const torch::Tensor b = leaf(torch::ones({1}));
  const torch::Tensor c = leaf(torch::ones({1}));
  SGD sgd({{.parameters = {a}},
           {.parameters = {b}, .weight_decay = 0.0, .lr_factor = 2.0},
           {.parameters = {c}, .weight_decay = 2.0}},
          {.lr = 0.25, .weight_decay = 1.0});
  for (const torch::Tensor& each : sgd.parameters()) {
    each.mutable_grad() = torch::ones({1});
  }
  sgd.step();
  EXPECT_EQ(a.item<float>(), 1.0F - 0.25F * 2.0F);
  EXPECT_EQ(b.item<float>(), 1.0F - 0.5F * 1.0F);
  EXPECT_EQ(c.item<float>(), 1.0F - 0.25F * 3.0F);
  EXPECT_EQ(sgd.groups()[0].weight_decay, 1.0);
  sgd.set_weight_decay(0, 0.5);
  sgd.set_lr(0.5);
  sgd.step();
  EXPECT_EQ(a.item<float>(), 0.5F - 0.5F * 1.25F);
  EXPECT_EQ(b.item<float>(), 0.5F - 1.0F);
}

TEST(Optimizer, APlainListIsOneGroup) {
  const torch::Tensor weight = leaf(torch::ones({1}));
  const SGD sgd({weight}, {.weight_decay = 0.5});
  ASSERT_EQ(sgd.groups().size(), 1U);
  EXPECT_TRUE(sgd.groups()[0].parameters[0].is_same(weight));
  EXPECT_EQ(sgd.groups()[0].weight_decay, 0.5);
  EXPECT_EQ(sgd.groups()[0].lr_factor, 1.0);
}

TEST(Optimizer, LeavesParametersWithoutGradientAlone) {
  for (const auto& optimizer : optimizers({{.parameters = {leaf(torch::ones({2}))}}})) {
    optimizer->step();
    EXPECT_TRUE(tensors_equal(optimizer->parameters()[0], torch::ones({2})));
    EXPECT_THAT(optimizer->state(), ElementsAre(Key("groups.lr_factor"), Key("groups.size"),
                                                Key("groups.weight_decay"), Key("lr")));
  }
}

TEST(Optimizer, ZeroGradDropsTheGradients) {
  const torch::Tensor weight = leaf(torch::ones({2}));
  SGD sgd({weight}, {});
  weight.mutable_grad() = torch::ones({2});
  sgd.zero_grad();
  EXPECT_FALSE(weight.grad().defined());
}

TEST(Optimizer, ASparseGradientIsRejectedBeforeAnythingMoves) {
  const torch::Tensor first = leaf(torch::ones({2}));
  const torch::Tensor second = leaf(torch::ones({2}));
  for (const auto& optimizer :
       optimizers({{.parameters = {first}}, {.parameters = {second}, .weight_decay = 0.0}})) {
    first.mutable_grad() = torch::ones({2});
    second.mutable_grad() = torch::ones({2}).to_sparse();
    EXPECT_THAT(error_text([&] { optimizer->step(); }),
                HasSubstr(": gradients must be dense, that of parameter 1 is Sparse"));
    EXPECT_TRUE(tensors_equal(first, torch::ones({2})));
    optimizer->zero_grad();
  }
}

TEST(Optimizer, AGradientUnlikeItsParameterIsRejectedBeforeAnythingMoves) {
  const torch::Tensor first = leaf(torch::ones({2}));
  const torch::Tensor second = leaf(torch::ones({4, 3}));
  for (const auto& optimizer : optimizers({{.parameters = {first, second}}})) {
    for (const auto& [gradient, text] : std::vector<std::pair<torch::Tensor, std::string>>{
             {torch::ones({2, 3}), "Float [2, 3] on cpu"},
             {torch::ones({1, 3}), "Float [1, 3] on cpu"},
             {torch::ones({4, 3}, torch::kDouble), "Double [4, 3] on cpu"},
             {torch::ones({4, 3}, torch::kMeta), "Float [4, 3] on meta"}}) {
      first.mutable_grad() = torch::ones({2});
      second.mutable_grad() = gradient;
      EXPECT_THAT(error_text([&] { optimizer->step(); }),
                  EndsWith(": the gradient of parameter 1 must be like it, Float [4, 3] on cpu, "
                           "got " +
                           text));
      EXPECT_TRUE(tensors_equal(first, torch::ones({2})));
      optimizer->zero_grad();
    }
  }
}

TEST(Optimizer, AParameterOfANewShapeIsRejectedBeforeAnythingMoves) {
  for (const std::int64_t rows : {20, 5}) {
    const torch::Tensor first = leaf(torch::ones({2}));
    torch::Tensor second = leaf(torch::ones({10, 512}));
    for (const auto& optimizer : optimizers({{.parameters = {first, second}}})) {
      second.set_data(torch::ones({10, 512}));
      second.mutable_grad() = torch::ones({10, 512});
      optimizer->step();
      optimizer->zero_grad();
      second.set_data(torch::ones({rows, 512}));
      first.mutable_grad() = torch::ones({2});
      second.mutable_grad() = torch::ones({rows, 512});
      EXPECT_THAT(error_text([&] { optimizer->step(); }),
                  EndsWith(": parameter 1 must stay as it was at its last step, Float [10, 512] on "
                           "cpu, got Float [" +
                           std::to_string(rows) + ", 512] on cpu"));
      EXPECT_TRUE(tensors_equal(first, torch::ones({2})));
      optimizer->zero_grad();
    }
  }
}

// --- State ---------------------------------------------------------------------------------------

TEST(Optimizer, StateRestoresTheRunBitForBit) {
  const std::vector<ParameterGroup> start = run_groups(run_parameters(at::kFloat, true));
  const std::vector<ParameterGroup> copies = run_groups(run_parameters(at::kFloat, true));
  const auto firsts = optimizers(start);
  const auto seconds = optimizers(copies);
  for (std::size_t o = 0; o < firsts.size(); ++o) {
    Optimizer& first = *firsts[o];
    Optimizer& second = *seconds[o];
    // The kinds go one after the other on the same parameters.
    run(first, 0, 8);
    first.set_weight_decay(0, 0.125);
    for (std::size_t k = 0; k < first.parameters().size(); ++k) {
      second.parameters()[k].detach().copy_(first.parameters()[k].detach());
    }
    Optimizer::State state;
    for (const auto& [name, tensor] : first.state()) {
      state[name] = tensor.clone();
    }
    second.load_state(state);
    EXPECT_EQ(second.lr(), first.lr());
    EXPECT_EQ(second.groups()[0].weight_decay, 0.125);
    run(first, 8, kRunSteps);
    run(second, 8, kRunSteps);
    for (std::size_t k = 0; k < first.parameters().size(); ++k) {
      EXPECT_TRUE(tensors_equal(second.parameters()[k], first.parameters()[k])) << o << ' ' << k;
    }
    for (const auto& [name, tensor] : first.state()) {
      EXPECT_TRUE(tensors_equal(second.state().at(name), tensor)) << o << ' ' << name;
    }
  }
}

TEST(Optimizer, StateHoldsTheGroups) {
  SGD sgd({{.parameters = {leaf(torch::ones({1})), leaf(torch::ones({2}))}},
           {.parameters = {}, .weight_decay = 0.25},
           {.parameters = {leaf(torch::ones({3}))}, .weight_decay = 0.0, .lr_factor = 2.0}},
          {.lr = 0.5, .weight_decay = 0.125});
  const Optimizer::State state = sgd.state();
  EXPECT_TRUE(tensors_equal(state.at("lr"), torch::tensor(0.5, torch::kDouble)));
  EXPECT_TRUE(tensors_equal(state.at("groups.size"), torch::tensor({2, 0, 1}, torch::kLong)));
  EXPECT_TRUE(tensors_equal(state.at("groups.lr_factor"), doubles({1.0, 1.0, 2.0})));
  EXPECT_TRUE(tensors_equal(state.at("groups.weight_decay"), doubles({0.125, 0.25, 0.0})));
}

TEST(Optimizer, AStateWithoutGroupsFitsOneGroup) {
  // As written before there were groups.
  const Optimizer::State state{{"lr", torch::tensor(2.0, torch::kDouble)},
                               {"momentum_buffer.0", torch::ones({2})}};
  SGD one({leaf(torch::zeros({2}))}, {.lr = 1.0, .momentum = 0.5, .weight_decay = 0.5});
  one.load_state(state);
  EXPECT_EQ(one.lr(), 2.0);
  EXPECT_EQ(one.groups()[0].weight_decay, 0.5);
  const SGD two({{.parameters = {leaf(torch::zeros({2}))}}, ParameterGroup()},
                {.lr = 1.0, .momentum = 0.5});
  EXPECT_THAT(two.state_problems(state),
              ElementsAre("missing groups.size", "missing groups.lr_factor",
                          "missing groups.weight_decay"));
}

TEST(Optimizer, LoadedStateIsACopy) {
  SGD sgd({leaf(torch::zeros({2}))}, {.lr = 1.0, .momentum = 0.5});
  Optimizer::State state{{"lr", torch::tensor(2.0, torch::kDouble)},
                         {"momentum_buffer.0", torch::ones({2})}};
  sgd.load_state(state);
  state.at("momentum_buffer.0").fill_(7.0);
  EXPECT_TRUE(tensors_equal(sgd.state().at("momentum_buffer.0"), torch::ones({2})));
  sgd.load_state({{"lr", torch::tensor(3.0, torch::kDouble)}});
  EXPECT_FALSE(sgd.state().contains("momentum_buffer.0"));
}

TEST(Optimizer, MovesWithItsState) {
  const torch::Tensor weight = leaf(torch::zeros({1}));
  SGD from({weight}, {.lr = 1.0, .momentum = 0.5});
  weight.mutable_grad() = torch::ones({1});
  from.step();
  SGD to = std::move(from);
  to.step();
  EXPECT_EQ(weight.item<float>(), -1.0F - 1.5F);
}

// --- Bad input -----------------------------------------------------------------------------------

TEST(Optimizer, RejectsBadParametersAndGroups) {
  const torch::Tensor weight = leaf(torch::ones({2}));
  EXPECT_EQ(error_text([] { SGD(std::vector<torch::Tensor>(), {}); }),
            "SGD: parameters must not be empty");
  EXPECT_EQ(error_text([] { AdamW(std::vector<ParameterGroup>(2), {}); }),
            "AdamW: parameters must not be empty");
  EXPECT_EQ(error_text([&] { SGD({weight, weight * 2.0}, {}); }),
            "SGD: every parameter must be a leaf of the graph, number 1 is not");
  EXPECT_THAT(error_text([] { SGD({at::Tensor()}, {}); }), HasSubstr("number 0 is not"));
  EXPECT_EQ(error_text([&] { LARS({weight, weight}, {.lr = 1.0}); }),
            "LARS: no parameter may be given twice, number 1 is");
  EXPECT_EQ(error_text([&] { SGD({{.parameters = {weight}}, {.parameters = {weight}}}, {}); }),
            "SGD: no parameter may be given twice, number 1 is");
  EXPECT_EQ(error_text([&] { SGD({{.parameters = {weight}}, {.weight_decay = -1.0}}, {}); }),
            "SGD: groups[1].weight_decay must be >= 0 and finite, got -1");
  EXPECT_EQ(error_text([&] { SGD({{.parameters = {weight}, .lr_factor = std::nan("")}}, {}); }),
            "SGD: groups[0].lr_factor must be >= 0 and finite, got nan");
}

TEST(Optimizer, RejectsBadRates) {
  SGD sgd({leaf(torch::ones({2}))}, {});
  EXPECT_EQ(error_text([&] { sgd.set_lr(-2.0); }), "SGD: lr must be >= 0 and finite, got -2");
  EXPECT_EQ(error_text([&] { sgd.set_weight_decay(0, -2.0); }),
            "SGD: weight_decay must be >= 0 and finite, got -2");
  EXPECT_EQ(error_text([&] { sgd.set_weight_decay(1, 0.0); }),
            "SGD: group must be in [0, 1), got 1");
}

TEST(Optimizer, ListsEverythingThatIsWrongWithAStateAndKeepsItsOwn) {
  SGD sgd({leaf(torch::ones({2})), leaf(torch::ones({3}))}, {.lr = 0.25, .momentum = 0.9});
  const std::string text = error_text([&] {
    sgd.load_state({{"momentum_buffer.0", torch::zeros({3})},
                    {"momentum_buffer.1", torch::zeros({3}, torch::kDouble)},
                    {"momentum_buffer.2", torch::zeros({3})},
                    {"momentum_buffer.01", torch::zeros({3})},
                    {"exp_avg.0", torch::zeros({2})},
                    {"exp_avg.1", at::Tensor()}});
  });
  EXPECT_THAT(text, HasSubstr("SGD: the state does not fit: missing lr; "));
  EXPECT_THAT(text, HasSubstr("momentum_buffer.0 is Float [3], expected Float [2]"));
  EXPECT_THAT(text, HasSubstr("momentum_buffer.1 is Double [3], expected Float [3]"));
  EXPECT_THAT(text, HasSubstr("unexpected momentum_buffer.2"));
  EXPECT_THAT(text, HasSubstr("unexpected momentum_buffer.01"));
  EXPECT_THAT(text, HasSubstr("unexpected exp_avg.0"));
  EXPECT_FALSE(sgd.state().contains("momentum_buffer.0"));
  EXPECT_EQ(sgd.lr(), 0.25);
  EXPECT_THAT(sgd.state_problems({{"lr", torch::ones({2})}}),
              ElementsAre("lr is Float [2], expected Double []"));
  EXPECT_THAT(sgd.state_problems({{"lr", torch::tensor(-1.0, torch::kDouble)}}),
              ElementsAre("lr is -1, expected >= 0 and finite"));
  EXPECT_THAT(sgd.state_problems({{"lr", at::Tensor()}}), ElementsAre("undefined lr"));
}

TEST(Optimizer, ListsWhatIsWrongWithTheGroupsOfAState) {
  const SGD sgd({{.parameters = {leaf(torch::ones({2})), leaf(torch::ones({2}))}},
                 {.parameters = {leaf(torch::ones({2}))}}},
                {.lr = 0.25});
  Optimizer::State state = sgd.state();
  EXPECT_THAT(sgd.state_problems(state), IsEmpty());
  state["groups.size"] = torch::tensor({1, 2}, torch::kLong);
  state["groups.lr_factor"] = doubles({1.0, -1.0});
  state["groups.weight_decay"] = doubles({std::nan(""), 0.0});
  EXPECT_THAT(sgd.state_problems(state),
              ElementsAre("groups.lr_factor is 1 -1, expected >= 0 and finite",
                          "groups.size is 1 2, expected 2 1",
                          "groups.weight_decay is nan 0, expected >= 0 and finite"));
  state["groups.size"] = torch::tensor({3}, torch::kLong);
  EXPECT_THAT(sgd.state_problems(state)[1],
              HasSubstr("groups.size is Long [1], expected Long [2]"));
}

TEST(Optimizer, AParametersStateIsThereAsAWholeOrNotAtAll) {
  AdamW adamw({leaf(torch::ones({2}))}, {});
  adamw.parameters()[0].mutable_grad() = torch::ones({2});
  adamw.step();
  Optimizer::State state = adamw.state();
  state.erase("exp_avg_sq.0");
  state["step.0"] = torch::tensor(0, torch::kLong);
  state["max_exp_avg_sq.0"] = torch::ones({2});
  EXPECT_THAT(adamw.state_problems(state),
              ElementsAre("missing exp_avg_sq.0", "unexpected max_exp_avg_sq.0",
                          "step.0 is 0, expected >= 1 and finite"));
}

}  // namespace
}  // namespace lightly::optim
