#include "lightly/core/module.hpp"

#include <gtest/gtest.h>
#include <torch/nn/cloneable.h>
#include <torch/types.h>

namespace lightly::core {
namespace {

struct ScaleOptions {
  double factor = 2.0;
};

struct ScaleImpl : torch::nn::Cloneable<ScaleImpl> {
  explicit ScaleImpl(ScaleOptions options_ = {}) : options(options_) { reset(); }
  void reset() override { weight = register_parameter("weight", torch::full({1}, options.factor)); }
  torch::Tensor forward(const torch::Tensor& x) { return x * weight; }

  ScaleOptions options;
  torch::Tensor weight;
};
LIGHTLY_MODULE(Scale);

struct AroundOptions {
  double offset = 1.0;
};

struct AroundImpl : torch::nn::Module {
  AroundImpl(Scale scale_, AroundOptions options_)
      : options(options_), scale(register_module("scale", std::move(scale_))) {}
  torch::Tensor forward(const torch::Tensor& x) { return scale(x) + options.offset; }
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& y) {
    return forward(x) + forward(y);
  }

  AroundOptions options;
  Scale scale;
};
LIGHTLY_MODULE_AROUND(Scale, Around);

TEST(LightlyModule, TakesDesignatedInitialisers) {
  Scale scale({.factor = 3.0});
  EXPECT_EQ(scale(torch::ones({1})).item<float>(), 3.0F);
}

TEST(LightlyModule, DefaultsAndBehavesAsAHolder) {
  Scale scale;
  EXPECT_EQ(scale->options.factor, 2.0);
  Scale shared = scale;
  EXPECT_EQ(shared.get(), scale.get());
  Scale none = nullptr;
  EXPECT_TRUE(none.is_empty());
  Scale copy(std::dynamic_pointer_cast<ScaleImpl>(scale->clone()));
  EXPECT_NE(copy->weight.data_ptr(), scale->weight.data_ptr());
}

TEST(LightlyModule, GoesAroundAnother) {
  Around around(Scale({.factor = 4.0}), {.offset = 0.5});
  EXPECT_EQ(around(torch::ones({1})).item<float>(), 4.5F);
  Around with_defaults{Scale()};
  EXPECT_EQ(with_defaults(torch::ones({1})).item<float>(), 3.0F);
  EXPECT_EQ(around->named_parameters().keys(), std::vector<std::string>{"scale.weight"});
}

TEST(LightlyModule, AroundAnotherCallsAnOverloadedForward) {
  Around around(Scale({.factor = 4.0}), {.offset = 0.5});
  EXPECT_EQ(around(torch::ones({1}), torch::zeros({1})).item<float>(), 5.0F);
}

}  // namespace
}  // namespace lightly::core
