#include "lightly/models/split_batch_norm.hpp"

#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/container/sequential.h>

#include "lightly/core/autocast.hpp"
#include "models/formulas.hpp"
#include "support/matchers.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

constexpr at::MemoryFormat kChannelsLast = at::MemoryFormat::ChannelsLast;

at::Tensor every(const at::Tensor& x, std::int64_t splits, std::int64_t split) {
  return x.slice(0, split, std::nullopt, splits);
}

TEST(SplitBatchNorm, GivesThePythonOutputsGradientsAndStatistics) {
  const auto golden = load_golden("models/split_batch_norm_lightly_1.1.0.safetensors");
  const auto images = image({24, 5, 3, 4}).to(torch::kDouble).chunk(3);
  for (const auto format : {at::MemoryFormat::Contiguous, kChannelsLast}) {
    SCOPED_TRACE(format);
    SplitBatchNorm norm({.num_features = 5, .num_splits = 4});
    EXPECT_EQ(key_lines(*norm), golden.metadata.at("norm.keys"));
    to_double(*norm);
    fill(*norm);
    const at::Tensor first = images[0].contiguous(format);
    const at::Tensor second = images[1].contiguous(format).detach().requires_grad_();
    EXPECT_TRUE(tensors_close(norm(first), golden.at("train_first"), 1e-12));
    const at::Tensor out = norm(second);
    EXPECT_TRUE(tensors_close(out, golden.at("train_second"), 1e-12));
    norm->zero_grad();
    (out * images[2]).sum().backward();
    EXPECT_TRUE(tensors_close(second.grad(), golden.at("input.grad"), 1e-12));
    EXPECT_TRUE(tensors_close(norm->weight.grad(), golden.at("weight.grad"), 1e-12));
    EXPECT_TRUE(tensors_close(norm->bias.grad(), golden.at("bias.grad"), 1e-12));
    for (const auto& buffer : norm->named_buffers()) {
      EXPECT_TRUE(tensors_close(buffer.value(), golden.at("trained." + buffer.key()), 1e-12));
    }
    norm->eval();
    for (const auto& buffer : norm->named_buffers()) {
      EXPECT_TRUE(tensors_close(buffer.value(), golden.at("eval." + buffer.key()), 1e-12));
    }
    EXPECT_TRUE(tensors_close(norm(first), golden.at("eval_first"), 1e-12));
  }
}

TEST(SplitBatchNorm, NormalisesEveryNthSampleAlone) {
  SplitBatchNorm norm({.num_features = 3, .num_splits = 2, .eps = 1e-3, .momentum = 0.3});
  fill(*norm);
  const at::Tensor x = torch::randn({6, 3, 4, 5});
  const at::Tensor out = norm(x);
  for (const std::int64_t split : {0, 1}) {
    torch::nn::BatchNorm2d alone(torch::nn::BatchNorm2dOptions(3).eps(1e-3).momentum(0.3));
    fill(*alone);
    EXPECT_TRUE(tensors_close(every(out, 2, split), alone(every(x, 2, split)), 1e-6));
    const auto own = [&](const at::Tensor& all) { return all.slice(0, 3 * split, 3 * split + 3); };
    EXPECT_TRUE(tensors_close(own(norm->running_mean), alone->running_mean, 1e-6));
    EXPECT_TRUE(tensors_close(own(norm->running_var), alone->running_var, 1e-6));
  }
}

TEST(SplitBatchNorm, WithOneSplitIsBatchNorm) {
  SplitBatchNorm norm({.num_features = 3});
  torch::nn::BatchNorm2d expected(3);
  const at::Tensor x = torch::randn({5, 3, 4, 4});
  EXPECT_TRUE(tensors_close(norm(x), expected(x), 1e-6));
  norm->eval();
  expected->eval();
  EXPECT_TRUE(tensors_close(norm(x), expected(x), 1e-6));
}

TEST(SplitBatchNorm, TakesAndGivesEveryMemoryLayout) {
  SplitBatchNorm norm({.num_features = 8, .num_splits = 3});
  fill(*norm);
  const at::Tensor x = torch::randn({6, 8, 5, 4});
  const at::Tensor expected = norm(x);
  EXPECT_TRUE(expected.is_contiguous());
  const at::Tensor nhwc = norm(x.contiguous(kChannelsLast));
  EXPECT_TRUE(nhwc.is_contiguous(kChannelsLast));
  EXPECT_TRUE(tensors_close(nhwc, expected, 1e-5));
  const at::Tensor wide = torch::randn({6, 8, 5, 8});
  wide.slice(3, 0, 8, 2).copy_(x);
  for (const at::Tensor& storage : {wide, wide.contiguous(kChannelsLast)}) {
    EXPECT_TRUE(tensors_close(norm(storage.slice(3, 0, 8, 2)), expected, 1e-5));
  }
  norm->eval();
  EXPECT_TRUE(norm(x.contiguous(kChannelsLast)).is_contiguous(kChannelsLast));
}

TEST(SplitBatchNorm, LeavingTrainingSpreadsTheMeanOfTheStatistics) {
  SplitBatchNorm norm({.num_features = 2, .num_splits = 2});
  torch::nn::Sequential parent(norm);
  const void* before = norm->running_mean.data_ptr();
  norm->running_mean.copy_(torch::tensor({1.0, 2.0, 3.0, 6.0}));
  norm->running_var.copy_(torch::tensor({4.0, 1.0, 0.0, 2.0}));
  parent->train();
  EXPECT_TRUE(tensors_equal(norm->running_mean, torch::tensor({1.0F, 2.0F, 3.0F, 6.0F})));
  parent->eval();
  EXPECT_TRUE(tensors_equal(norm->running_mean, torch::tensor({2.0F, 4.0F, 2.0F, 4.0F})));
  EXPECT_TRUE(tensors_equal(norm->running_var, torch::tensor({2.0F, 1.5F, 2.0F, 1.5F})));
  EXPECT_EQ(norm->running_mean.data_ptr(), before);
  norm->running_mean.copy_(torch::tensor({1.0, 2.0, 3.0, 6.0}));
  parent->eval();
  EXPECT_TRUE(tensors_equal(norm->running_mean, torch::tensor({1.0F, 2.0F, 3.0F, 6.0F})));
}

TEST(SplitBatchNorm, NeverCountsBatches) {
  SplitBatchNorm norm({.num_features = 2, .num_splits = 2});
  norm(torch::randn({4, 2, 3, 3}));
  EXPECT_TRUE(tensors_equal(norm->num_batches_tracked, torch::zeros({}, torch::kLong)));
}

TEST(SplitBatchNorm, ClonesIntoTensorsOfItsOwn) {
  SplitBatchNorm norm({.num_features = 2, .num_splits = 2});
  norm(torch::randn({4, 2, 3, 3}));
  norm->eval();
  const at::Tensor x = torch::randn({3, 2, 3, 3});
  const at::Tensor expected = norm(x);
  SplitBatchNorm copy(std::dynamic_pointer_cast<SplitBatchNormImpl>(norm->clone()));
  EXPECT_FALSE(copy->is_training());
  EXPECT_TRUE(tensors_equal(copy(x), expected));
  EXPECT_EQ(key_lines(*copy), key_lines(*norm));
  copy->running_mean.add_(1);
  EXPECT_TRUE(tensors_equal(norm(x), expected));
}

TEST(SplitBatchNorm, TakesHalfPrecisionAsAutocastGivesIt) {
  SplitBatchNorm norm({.num_features = 8, .num_splits = 2});
  const core::AutocastGuard autocast(at::kCPU, at::kBFloat16);
  const at::Tensor x = torch::randn({4, 8, 6, 6});
  for (const auto format : {at::MemoryFormat::Contiguous, kChannelsLast}) {
    const at::Tensor out = norm(x.to(at::kBFloat16).contiguous(format));
    EXPECT_EQ(out.scalar_type(), at::kBFloat16);
    EXPECT_TRUE(tensors_close(out.to(at::kFloat), norm(x), 0.05));
  }
  EXPECT_EQ(norm->running_mean.scalar_type(), at::kFloat);
}

TEST(SplitBatchNorm, TakesAnEmptyBatchAndInEvaluationAnyOther) {
  SplitBatchNorm norm({.num_features = 2, .num_splits = 4});
  const std::vector<std::int64_t> empty = {0, 2, 3, 3};
  EXPECT_EQ(norm(torch::zeros(empty)).sizes(), empty);
  EXPECT_EQ(norm(torch::zeros(empty).contiguous(kChannelsLast)).sizes(), empty);
  EXPECT_TRUE(tensors_equal(norm->running_mean, torch::zeros({8})));
  norm->eval();
  for (const std::int64_t batch : {0, 1, 3}) {
    EXPECT_EQ(norm(torch::zeros({batch, 2, 3, 3})).size(0), batch);
  }
}

TEST(SplitBatchNorm, RejectsABatchThatTheSplitsDoNotDivide) {
  SplitBatchNorm norm({.num_features = 2, .num_splits = 4});
  EXPECT_EQ(error_text([&] { norm(torch::zeros({6, 2, 3, 3})); }),
            "SplitBatchNorm: num_splits must divide the batch, got 4 splits of a batch of 6");
  EXPECT_THROW(norm(torch::zeros({1, 2, 3, 3})), c10::ValueError);
  EXPECT_THAT(error_text([&] { norm(torch::zeros({4, 2, 1, 1})); }),
              HasSubstr("Expected more than 1 value per channel when training"));
}

TEST(SplitBatchNorm, RejectsInputOfAnotherShape) {
  SplitBatchNorm norm({.num_features = 2, .num_splits = 2});
  EXPECT_EQ(error_text([&] { norm(torch::zeros({4, 3, 5, 5})); }),
            "SplitBatchNorm: input must be [B, 2, H, W], got [4, 3, 5, 5]");
  EXPECT_EQ(error_text([&] { norm(torch::zeros({4, 2})); }),
            "SplitBatchNorm: input must be [B, 2, H, W], got [4, 2]");
}

TEST(SplitBatchNorm, RejectsOptionsOutOfRange) {
  EXPECT_EQ(error_text([] { SplitBatchNorm({.num_features = 0}); }),
            "SplitBatchNorm: num_features must be >= 1, got 0");
  EXPECT_EQ(error_text([] { SplitBatchNorm({.num_splits = 0}); }),
            "SplitBatchNorm: num_splits must be >= 1, got 0");
  EXPECT_THAT(error_text([] { SplitBatchNorm({.eps = 0}); }), HasSubstr("eps must be > 0"));
  EXPECT_THAT(error_text([] { SplitBatchNorm({.momentum = 1.5}); }),
              HasSubstr("momentum must be in [0, 1]"));
}

TEST(Norm2d, IsBatchNorm2dUnlessItSplits) {
  const Norm2d plain(3, 0);
  EXPECT_NE(plain.ptr()->as<torch::nn::BatchNorm2d>(), nullptr);
  EXPECT_EQ(plain.running_mean().sizes(), (std::vector<std::int64_t>{3}));
  Norm2d split(3, 2);
  EXPECT_NE(split.ptr()->as<SplitBatchNorm>(), nullptr);
  EXPECT_EQ(split.running_var().sizes(), (std::vector<std::int64_t>{6}));
  EXPECT_EQ(split.weight().sizes(), split.bias().sizes());
  const at::Tensor x = torch::randn({4, 3, 2, 2});
  EXPECT_TRUE(tensors_equal(Norm2d(plain)(x), torch::nn::BatchNorm2d(3)(x)));
  EXPECT_TRUE(tensors_equal(split(x), SplitBatchNorm({.num_features = 3, .num_splits = 2})(x)));
}

TEST(Norm2d, SharesItsModuleUntilItIsCloned) {
  for (const std::int64_t splits : {0, 2}) {
    const Norm2d norm(3, splits);
    const Norm2d same = norm, clone = norm.clone();
    const at::NoGradGuard no_grad;
    norm.weight().zero_();
    EXPECT_TRUE(tensors_equal(same.weight(), torch::zeros({3})));
    EXPECT_TRUE(tensors_equal(clone.weight(), torch::ones({3})));
  }
}

TEST(Norm2d, SaysWhatIsWrong) {
  EXPECT_EQ(error_text([] { Norm2d(3, -1); }), "Norm2d: num_splits must be >= 0, got -1");
  EXPECT_EQ(error_text([] { Norm2d(0, 0); }), "Norm2d: num_features must be >= 1, got 0");
  EXPECT_THAT(error_text([] { Norm2d(nullptr)(torch::zeros({1, 1, 1, 1})); }),
              HasSubstr("empty ModuleHolder"));
}

}  // namespace
}  // namespace lightly::models
