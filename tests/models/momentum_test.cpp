#include "lightly/models/momentum.hpp"

#include <limits>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Generator.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/utils.h>

#include "models/formulas.hpp"
#include "support/matchers.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

torch::nn::Sequential conv_and_norm() {
  return torch::nn::Sequential(torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 16, 3)),
                               torch::nn::BatchNorm2d(16),
                               torch::nn::Conv2d(torch::nn::Conv2dOptions(16, 8, 1)));
}

// As Python computes it: each product is a tensor of its own.
at::Tensor python_average(const at::Tensor& q, const at::Tensor& k, double m) {
  return k.detach() * m + q.detach() * (1.0 - m);
}

TEST(UpdateMomentum, EqualsThePythonArithmeticBitForBit) {
  for (const double m : {0.999, 0.996, 0.9, 0.1, 0.0, 1.0}) {
    const auto model = conv_and_norm();
    const auto model_ema = conv_and_norm();
    std::vector<at::Tensor> expected;
    std::vector<const void*> memory;
    for (std::size_t i = 0; i < model->parameters().size(); ++i) {
      expected.push_back(python_average(model->parameters()[i], model_ema->parameters()[i], m));
      memory.push_back(model_ema->parameters()[i].data_ptr());
    }
    update_momentum(*model, *model_ema, {.m = m});
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(tensors_equal(model_ema->parameters()[i].detach(), expected[i]));
      EXPECT_EQ(model_ema->parameters()[i].data_ptr(), memory[i]);
    }
  }
}

TEST(UpdateMomentum, IsTheSameInAnyLayoutAndWithAnyNumberOfThreads) {
  // Longer than a thread's share, in pieces of odd sizes, some of them empty.
  std::vector<at::Tensor> model, model_ema, expected;
  for (const std::int64_t rows : {3, 0, 70001, 1, 0, 30011, 17}) {
    model.push_back(torch::randn({rows, 5}));
    model_ema.push_back(torch::randn({rows, 5}));
    expected.push_back(python_average(model.back(), model_ema.back(), 0.99));
  }
  const at::Tensor nhwc = torch::randn({8, 6, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor nchw = torch::randn({8, 6, 3, 3});
  const at::Tensor columns = torch::randn({40, 30}).slice(1, 3, 20);
  for (const auto& [q, k] : std::vector<std::pair<at::Tensor, at::Tensor>>{
           {nhwc, nhwc * 2},
           {nhwc.to(at::kDouble), nhwc.to(at::kDouble) + 1},
           {nhwc, nchw},
           {nchw, nhwc.clone()},
           {columns, columns.clone()},
           {columns, torch::randn({40, 30}).slice(1, 2, 19)},
           {columns.t(), torch::randn({30, 40}).slice(0, 2, 19)}}) {
    model.push_back(q);
    model_ema.push_back(k.clone());
    expected.push_back(python_average(q, k, 0.99));
  }
  const int threads = at::get_num_threads();
  for (const int count : {1, 2, 3}) {
    at::set_num_threads(count);
    std::vector<at::Tensor> averaged;
    for (const at::Tensor& tensor : model_ema) {
      averaged.push_back(tensor.clone());
    }
    update_momentum(model, averaged, 0.99);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      // Pairs in different orders go through LibTorch's foreach calls, which round once less.
      EXPECT_TRUE(tensors_close(averaged[i], expected[i], 1e-6)) << i;
      if (i < 9) {
        EXPECT_TRUE(tensors_equal(averaged[i], expected[i])) << i;
      }
    }
  }
  at::set_num_threads(threads);
}

TEST(UpdateMomentum, WorksForHalfPrecision) {
  for (const auto dtype : {at::kBFloat16, at::kHalf}) {
    const std::vector<at::Tensor> model = {torch::randn({20}).to(dtype)};
    const std::vector<at::Tensor> model_ema = {torch::randn({20}).to(dtype)};
    const at::Tensor expected =
        python_average(model[0].to(at::kFloat), model_ema[0].to(at::kFloat), 0.5);
    update_momentum(model, model_ema, 0.5);
    EXPECT_EQ(model_ema[0].scalar_type(), dtype);
    EXPECT_TRUE(tensors_close(model_ema[0].to(at::kFloat), expected, 0.02));
  }
}

TEST(UpdateMomentum, LeavesBuffersAloneUnlessAsked) {
  auto model = conv_and_norm();
  const auto model_ema = conv_and_norm();
  model->forward(2 + torch::randn({4, 3, 8, 8}));
  const auto buffers = model->named_buffers();
  const auto buffers_ema = model_ema->named_buffers();
  update_momentum(*model, *model_ema, {.m = 0.75});
  EXPECT_TRUE(tensors_equal(buffers_ema["1.running_mean"], torch::zeros({16})));
  update_momentum(*model, *model_ema, {.m = 0.75, .average_buffers = true});
  EXPECT_TRUE(tensors_equal(buffers_ema["1.running_mean"], 0.25 * buffers["1.running_mean"]));
  EXPECT_TRUE(tensors_equal(buffers_ema["1.running_var"], 0.75 + 0.25 * buffers["1.running_var"]));
  EXPECT_EQ(buffers_ema["1.num_batches_tracked"].item<std::int64_t>(), 1);
}

TEST(UpdateMomentum, MovesAParameterWithTwoNamesOnce) {
  const auto tied = [](float value) {
    torch::nn::Linear first(2, 2), second(2, 2);
    torch::nn::init::constant_(first->weight, value);
    second->register_parameter("tied", first->weight);
    return torch::nn::Sequential(first, second);
  };
  const auto model = tied(1.0F);
  const auto model_ema = tied(0.0F);
  update_momentum(*model, *model_ema, {.m = 0.5});
  EXPECT_TRUE(
      tensors_equal(model_ema->named_parameters()["1.tied"].detach(), torch::full({2, 2}, 0.5F)));
}

TEST(UpdateMomentum, NeitherRecordsNorHidesItsWriteFromAutograd) {
  const torch::nn::Linear model(3, 3);
  torch::nn::Linear model_ema(3, 3);
  const at::Tensor out = model_ema(torch::ones({1, 3}, at::requires_grad())).square().sum();
  update_momentum(*model, *model_ema, {.m = 0.5});
  EXPECT_TRUE(model_ema->weight.is_leaf());
  // The backward pass would need the weights from before.
  EXPECT_THAT(error_text([&] { out.backward(); }), ::testing::HasSubstr("inplace operation"));
}

TEST(UpdateMomentum, PassesNaNOnAndNowhereElse) {
  const std::vector<at::Tensor> model = {
      torch::tensor({1.0F, std::numeric_limits<float>::quiet_NaN()})};
  const std::vector<at::Tensor> model_ema = {torch::ones({2})};
  update_momentum(model, model_ema, 0.5);
  EXPECT_EQ(model_ema[0][0].item<float>(), 1.0F);
  EXPECT_TRUE(model_ema[0][1].isnan().item<bool>());
}

TEST(UpdateMomentum, NamesWhatHasNoCounterpartAndChangesNothing) {
  const torch::nn::Linear model(3, 3);
  const torch::nn::Sequential longer(torch::nn::Linear(3, 3), torch::nn::Linear(3, 2));
  const torch::nn::Linear wider(3, 4);
  const at::Tensor before = longer->parameters()[0].detach().clone();
  EXPECT_EQ(error_text([&] { update_momentum(*model, *longer); }),
            "update_momentum: both models must have as many parameters, got 2 and 4; 1.weight has "
            "no counterpart");
  EXPECT_EQ(error_text([&] { update_momentum(*longer, *model); }),
            "update_momentum: both models must have as many parameters, got 4 and 2; 1.weight has "
            "no counterpart");
  EXPECT_TRUE(tensors_equal(longer->parameters()[0].detach(), before));
  EXPECT_EQ(error_text([&] { update_momentum(*model, *wider); }),
            "update_momentum: parameter weight must be alike in both models, got Float [3, 3] on "
            "cpu and Float [4, 3] on cpu");
  EXPECT_THROW(update_momentum(*model, *wider), c10::ValueError);
  const auto one = [](at::ScalarType dtype) { return std::vector{torch::ones({2}, dtype)}; };
  EXPECT_EQ(error_text([&] { update_momentum(one(at::kFloat), one(at::kDouble), 0.5); }),
            "update_momentum: tensor 0 must be alike in both models, got Float [2] on cpu and "
            "Double [2] on cpu");
  EXPECT_EQ(error_text([&] { update_momentum({at::Tensor()}, {at::Tensor()}, 0.5); }),
            "update_momentum: tensor 0 must be alike in both models, got undefined and undefined");
  EXPECT_EQ(
      error_text([&] { update_momentum(one(at::kFloat), {torch::ones({2}, torch::kMeta)}, 0.5); }),
      "update_momentum: tensor 0 must be alike in both models, got Float [2] on cpu and "
      "Float [2] on meta");
  const std::vector<at::Tensor> with_count{torch::zeros({2}), torch::zeros({2}, at::kLong)};
  const std::vector<at::Tensor> with_count_ema{torch::ones({2}), torch::ones({2}, at::kLong)};
  EXPECT_EQ(error_text([&] { update_momentum(with_count, with_count_ema, 0.5); }),
            "update_momentum: tensor 1 must be floating point, got Long");
  EXPECT_TRUE(tensors_equal(with_count_ema[0], torch::ones({2})));
  EXPECT_EQ(error_text([&] { update_momentum(one(at::kFloat), {}, 0.5); }),
            "update_momentum: both lists must be as long, got 1 and 0 tensors");
}

TEST(UpdateMomentum, RejectsAMomentumOutsideZeroToOne) {
  const torch::nn::Linear model(1, 1);
  for (const auto& [m, text] : std::vector<std::pair<double, std::string>>{
           {-0.1, "-0.1"}, {1.5, "1.5"}, {std::numeric_limits<double>::quiet_NaN(), "nan"}}) {
    EXPECT_EQ(error_text([&, m = m] { update_momentum(*model, *model, {.m = m}); }),
              "update_momentum: m must be in [0, 1], got " + text);
    EXPECT_EQ(error_text([&, m = m] { update_momentum({}, {}, m); }),
              "update_momentum: m must be in [0, 1], got " + text);
  }
}

TEST(RequiresGrad, IsSwitchedForEveryParameter) {
  const auto model = conv_and_norm();
  deactivate_requires_grad(*model);
  for (const at::Tensor& parameter : model->parameters()) {
    EXPECT_FALSE(parameter.requires_grad());
  }
  activate_requires_grad(*model);
  for (const at::Tensor& parameter : model->parameters()) {
    EXPECT_TRUE(parameter.requires_grad());
  }
}

TEST(BatchShuffle, DrawsThePythonOrder) {
  const auto golden = load_golden("models/moco_lightly_1.1.0.safetensors");
  torch::manual_seed(3);
  const auto [batch, shuffle] = batch_shuffle(torch::arange(9));
  EXPECT_TRUE(tensors_equal(shuffle, golden.at("shuffle")));
  EXPECT_TRUE(tensors_equal(batch, golden.at("shuffle")));
  const at::Generator generator = at::detail::createCPUGenerator(3);
  EXPECT_TRUE(tensors_equal(batch_shuffle(torch::arange(9), generator).shuffle, shuffle));
}

TEST(BatchShuffle, IsUndoneByBatchUnshuffle) {
  for (const std::int64_t size : {0, 1, 2, 17}) {
    const at::Tensor batch = torch::randn({size, 2, 3}, at::requires_grad());
    const auto [shuffled, shuffle] = batch_shuffle(batch);
    EXPECT_FALSE(shuffled.requires_grad());
    EXPECT_TRUE(tensors_equal(shuffled, batch.detach().index_select(0, shuffle)));
    EXPECT_TRUE(tensors_equal(batch_unshuffle(shuffled, shuffle), batch.detach()));
  }
}

TEST(BatchShuffle, SaysWhatItTakes) {
  EXPECT_EQ(error_text([] { batch_shuffle(torch::tensor(1.0)); }),
            "batch_shuffle: batch must be [B, ...], got a scalar");
  EXPECT_EQ(error_text([] { batch_unshuffle(torch::ones({3, 2}), torch::arange(2)); }),
            "batch_unshuffle: shuffle must be int64 [B] for a batch [B, ...], got Long [2] for "
            "[3, 2]");
  EXPECT_EQ(error_text([] { batch_unshuffle(torch::ones({3}), torch::ones({3})); }),
            "batch_unshuffle: shuffle must be int64 [B] for a batch [B, ...], got Float [3] for "
            "[3]");
  EXPECT_EQ(error_text([] {
              batch_unshuffle(torch::ones({3}),
                              torch::empty({3}, at::dtype(at::kLong).device(at::kMeta)));
            }),
            "batch_unshuffle: shuffle must be on the batch's device, cpu, got meta");
}

}  // namespace
}  // namespace lightly::models
