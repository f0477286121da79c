#include "lightly/loss/negative_cosine_similarity.hpp"

#include <limits>

#include <torch/types.h>

#include "lightly/core/autocast.hpp"
#include "loss/formulas.hpp"
#include "support/matchers.hpp"

namespace lightly::loss {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::mk;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

TEST(NegativeCosineSimilarity, IsMinusOneForRowsOfOneDirection) {
  const at::Tensor rows = mk(5, 7);
  EXPECT_NEAR(negative_cosine_similarity(rows, 3 * rows).item<double>(), -1.0, 1e-6);
  EXPECT_NEAR(negative_cosine_similarity(rows, -rows).item<double>(), 1.0, 1e-6);
  const at::Tensor x0 = torch::tensor({{1.0F, 0.0F}, {1.0F, 0.0F}});
  const at::Tensor x1 = torch::tensor({{0.0F, 2.0F}, {3.0F, 4.0F}});
  EXPECT_NEAR(negative_cosine_similarity(x0, x1).item<double>(), -0.3, 1e-7);
  EXPECT_NEAR(negative_cosine_similarity(x0, x1, {.dim = 0}).item<double>(),
              negative_cosine_similarity(x0.t(), x1.t()).item<double>(), 1e-7);
}

TEST(NegativeCosineSimilarity, GivesThePythonLossesAndGradients) {
  const auto golden = load_golden("loss/negative_cosine_similarity_lightly.safetensors");
  for (const auto& [batch, dim] : {std::pair(1, 4), {4, 8}, {16, 32}}) {
    for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
      const double tolerance = dtype == at::kDouble ? 1e-14 : 2e-7;
      const std::string name = std::to_string(batch) + "x" + std::to_string(dim) +
                               (dtype == at::kDouble ? ".f64." : ".f32.");
      SCOPED_TRACE(name);
      const auto leaf = [&, b = batch, d = dim](double shift) {
        return mk(b, d, shift).to(dtype).requires_grad_();
      };
      const at::Tensor x0 = leaf(0.0);
      const at::Tensor x1 = leaf(1.3);
      NegativeCosineSimilarity criterion;
      const at::Tensor loss = criterion(x0, x1);
      loss.backward();
      EXPECT_EQ(loss.scalar_type(), dtype);
      EXPECT_TRUE(tensors_close(loss.reshape({1}), golden.at("1.6.0." + name + "loss"), tolerance));
      EXPECT_TRUE(tensors_close(x0.grad(), golden.at("1.6.0." + name + "grad0"), tolerance));
      EXPECT_TRUE(tensors_close(x1.grad(), golden.at("1.6.0." + name + "grad1"), tolerance));

      const ProjectionAndPrediction out0(leaf(0.0), leaf(0.1));
      const ProjectionAndPrediction out1(leaf(0.2), leaf(0.3));
      SymNegCosineSimilarityLoss symmetric;
      const at::Tensor both = symmetric(out0, out1);
      both.backward();
      EXPECT_TRUE(tensors_close(both.reshape({1}), golden.at("1.1.0." + name + "loss"), tolerance));
      EXPECT_TRUE(tensors_close(out0.p.grad(), golden.at("1.1.0." + name + "grad_p0"), tolerance));
      EXPECT_TRUE(tensors_close(out1.p.grad(), golden.at("1.1.0." + name + "grad_p1"), tolerance));
      EXPECT_FALSE(out0.z.grad().defined());
      EXPECT_FALSE(out1.z.grad().defined());
    }
  }
}

TEST(SymNegCosineSimilarityLoss, HasTheValuesThatTheSpecificationMeasured) {
  const auto value = [](std::int64_t batch, std::int64_t dim) {
    return sym_neg_cosine_similarity_loss({mk(batch, dim), mk(batch, dim, 0.1)},
                                          {mk(batch, dim, 0.2), mk(batch, dim, 0.3)})
        .item<double>();
  };
  EXPECT_NEAR(value(1, 4), -0.98124576, 1e-7);
  EXPECT_NEAR(value(4, 8), -0.97474337, 1e-7);
  EXPECT_NEAR(value(16, 32), -0.97516841, 1e-7);
}

struct ModelOutput {
  at::Tensor z;
  at::Tensor p;
};

TEST(SymNegCosineSimilarityLoss, TakesAnyOutputWithProjectionAndPrediction) {
  const ModelOutput out0{.z = mk(2, 4), .p = mk(2, 4, 0.1)};
  const ModelOutput out1{.z = mk(2, 4, 0.2), .p = mk(2, 4, 0.3)};
  EXPECT_TRUE(tensors_equal(SymNegCosineSimilarityLoss()(out0, out1),
                            sym_neg_cosine_similarity_loss({out0.z, out0.p}, {out1.z, out1.p})));
}

TEST(NegativeCosineSimilarity, OfAZeroRowIsZeroWithFiniteGradient) {
  const at::Tensor x0 = torch::zeros({1, 4}).requires_grad_();
  const at::Tensor loss = negative_cosine_similarity(x0, mk(1, 4));
  loss.backward();
  EXPECT_EQ(loss.item<float>(), 0.0F);
  EXPECT_TRUE(x0.grad().isfinite().all().item<bool>());
}

TEST(NegativeCosineSimilarity, ComputesHalfPrecisionInFloat32) {
  for (const at::ScalarType dtype : {at::kBFloat16, at::kHalf}) {
    const at::Tensor x0 = mk(4, 8).to(dtype).requires_grad_();
    const at::Tensor x1 = mk(4, 8, 0.5).to(dtype);
    const at::Tensor loss = negative_cosine_similarity(x0, x1);
    EXPECT_EQ(loss.scalar_type(), at::kFloat);
    EXPECT_TRUE(tensors_equal(
        loss, negative_cosine_similarity(x0.detach().to(at::kFloat), x1.to(at::kFloat))));
    loss.backward();
    EXPECT_EQ(x0.grad().scalar_type(), dtype);
  }
  const at::Tensor expected = negative_cosine_similarity(mk(4, 8), mk(4, 8, 0.5));
  const core::AutocastGuard autocast(at::kCPU, at::kBFloat16);
  EXPECT_TRUE(tensors_equal(negative_cosine_similarity(mk(4, 8), mk(4, 8, 0.5)), expected));
}

TEST(NegativeCosineSimilarity, NamesRuleAndValueOnBadInput) {
  const auto text = [](const at::Tensor& x0, const at::Tensor& x1) {
    return error_text([&] { negative_cosine_similarity(x0, x1); });
  };
  const std::string rule =
      "NegativeCosineSimilarity: x0 and x1 must be [B, D] of one shape with B, D >= 1, got ";
  EXPECT_EQ(text(torch::ones({2, 3}), torch::ones({2, 4})), rule + "[2, 3] and [2, 4]");
  EXPECT_EQ(text(torch::ones({3}), torch::ones({3})), rule + "[3] and [3]");
  EXPECT_EQ(text(torch::ones({0, 3}), torch::ones({0, 3})), rule + "[0, 3] and [0, 3]");
  EXPECT_EQ(text(torch::ones({2, 3}), {}), "NegativeCosineSimilarity: x0 and x1 must be tensors");
  EXPECT_EQ(text(torch::ones({2, 3}), torch::ones({2, 3}, torch::kLong)),
            "NegativeCosineSimilarity: x0 and x1 must be floating point, got Float and Long");
  EXPECT_EQ(text(torch::ones({2, 3}), torch::ones({2, 3}, torch::kMeta)),
            "NegativeCosineSimilarity: x0 and x1 must be on one device, got cpu and meta");
  EXPECT_EQ(error_text([] { NegativeCosineSimilarity({.dim = 2}); }),
            "NegativeCosineSimilarity: dim must be in [-2, 1], got 2");
  for (const double eps : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(NegativeCosineSimilarity({.eps = eps}), c10::ValueError) << eps;
  }
}

}  // namespace
}  // namespace lightly::loss
