#include "lightly/methods/method.hpp"

#include <cmath>
#include <map>
#include <memory>
#include <string>

#include "lightly/methods/moco.hpp"
#include "lightly/methods/simclr.hpp"
#include "lightly/methods/simsiam.hpp"
#include "lightly/models/state_dict.hpp"
#include "lightly/transforms/simclr_transform.hpp"
#include "methods/noise_batch.hpp"
#include "support/matchers.hpp"

namespace lightly::methods {
namespace {

using lightly::testing::error_text;

std::vector<std::shared_ptr<Method>> all_methods() {
  torch::manual_seed(5);
  return {
      SimCLR(small_backbone(), {.model = {.out_dim = 16}}).ptr(),
      MoCo(small_backbone(2), {.model = {.out_dim = 16, .m = 0.9, .batch_shuffle = true},
                               .criterion = {.temperature = 0.1, .memory_bank_size = 32},
                               .symmetric_loss = true})
          .ptr(),
      SimSiam(
          small_backbone(),
          {.model = {.num_ftrs = 32, .proj_hidden_dim = 32, .pred_hidden_dim = 8, .out_dim = 32}})
          .ptr()};
}

// One of a user's own: the features of both views are to agree with a mark.
class Agreement : public Method {
 public:
  Agreement() : Method("Agreement") {
    network = register_module("network", small_backbone());
    mark = register_parameter("mark", torch::ones({32}), /*requires_grad=*/false);
  }

  data::BaseCollateFunction collate(transforms::Size input_size) const override {
    return transforms::SimCLRTransform({.input_size = input_size});
  }
  StepOutput training_step(const data::Batch& batch, std::int64_t /*step*/) override {
    const at::Tensor features = network->forward(batch.views[0]).flatten(1);
    const at::Tensor others = network->forward(batch.views[1]).flatten(1);
    return {.loss = (features + others - mark).square().mean(), .outputs = features.detach()};
  }
  models::Backbone backbone() const override { return network; }

  models::ResNetBackbone network = nullptr;
  at::Tensor mark;
};

TEST(Method, OfAnyKindTrainsInALoopThatKnowsOnlyTheInterface) {
  std::vector<std::shared_ptr<Method>> methods = all_methods();
  methods.push_back(std::make_shared<Agreement>());
  for (const auto& method : methods) {
    const data::Batch batch = noise_batch(1);
    const at::Tensor weights = method->backbone().module()->parameters()[0];
    const at::Tensor before = weights.detach().clone();
    const double first = descend(*method, batch, 0);
    double last = first;
    for (std::int64_t step = 1; step < 8; ++step) {
      last = descend(*method, batch, step);
    }
    EXPECT_FALSE(at::equal(weights, before)) << method->name();
    if (method->name() != "MoCo") {  // whose own keys fill the bank
      EXPECT_LT(last, first - 0.02) << method->name();
    }
    EXPECT_TRUE(std::isfinite(last)) << method->name();
  }
}

TEST(Method, GivesTheOptimizerWhatTakesAGradient) {
  Agreement method;
  EXPECT_EQ(method.trained_parameters().size(), method.parameters().size() - 1);
  for (const auto& built_in : all_methods()) {
    built_in->training_step(noise_batch(1), 0).loss.backward();
    std::size_t with_gradient = 0;
    for (const at::Tensor& parameter : built_in->parameters()) {
      with_gradient += parameter.grad().defined() ? 1 : 0;
    }
    EXPECT_EQ(built_in->trained_parameters().size(), with_gradient) << built_in->name();
  }
}

TEST(Method, GoesOnFromItsStateDictAsIfItHadNeverStopped) {
  const auto straight = all_methods();
  const auto stopped = all_methods();
  const auto resumed = all_methods();
  for (std::size_t i = 0; i < straight.size(); ++i) {
    for (std::int64_t step = 0; step < 6; ++step) {
      descend(*straight[i], noise_batch(step), step);
    }
    for (std::int64_t step = 0; step < 3; ++step) {
      descend(*stopped[i], noise_batch(step), step);
    }
    std::map<std::string, at::Tensor> state;
    for (const auto& item : models::state_dict(*stopped[i])) {
      state.emplace(item.key(), item.value());
    }
    descend(*resumed[i], noise_batch(9), 9);  // whatever it was before
    models::load_state_dict(*resumed[i], state);
    for (std::int64_t step = 3; step < 6; ++step) {
      descend(*resumed[i], noise_batch(step), step);
    }
    const auto expected = models::state_dict(*straight[i]);
    const auto actual = models::state_dict(*resumed[i]);
    ASSERT_EQ(actual.size(), expected.size());
    for (const auto& item : expected) {
      EXPECT_TRUE(lightly::testing::tensors_equal(actual[item.key()], item.value()))
          << straight[i]->name() << ' ' << item.key();
    }
  }
}

TEST(Method, RejectsABatchWithoutTwoViews) {
  for (const auto& method : all_methods()) {
    EXPECT_EQ(error_text([&] { method->training_step(noise_batch(1, 3), 0); }),
              method->name() + ": batch must have 2 views, got 3");
    EXPECT_EQ(error_text([&] { method->training_step({}, 0); }),
              method->name() + ": batch must have 2 views, got 0");
  }
}

TEST(Method, GivesOutputsWithoutAGradient) {
  for (const auto& method : all_methods()) {
    const auto [loss, outputs] = method->training_step(noise_batch(1), 0);
    EXPECT_TRUE(loss.requires_grad());
    EXPECT_EQ(loss.dim(), 0);
    EXPECT_FALSE(outputs.requires_grad());
    EXPECT_EQ(outputs.dim(), 2);
    EXPECT_EQ(outputs.size(0), 8);
  }
}

}  // namespace
}  // namespace lightly::methods
