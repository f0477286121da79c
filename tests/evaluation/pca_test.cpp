#include "lightly/evaluation/pca.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "support/matchers.hpp"

namespace lightly::evaluation {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

// Points along (3, 4) / 5 with a little of the direction across, around (10, -20).
torch::Tensor points_on_a_line() {
  const torch::Tensor along = torch::tensor({-2.0F, -1.0F, 0.0F, 1.0F, 2.0F}).unsqueeze(1);
  const torch::Tensor across = torch::tensor({0.1F, -0.2F, 0.2F, -0.2F, 0.1F}).unsqueeze(1);
  return along * torch::tensor({{0.6F, 0.8F}}) + across * torch::tensor({{-0.8F, 0.6F}}) +
         torch::tensor({{10.0F, -20.0F}});
}

TEST(FitPca, FindsTheDirectionsOfLargestVarianceInOrder) {
  const PCA pca = fit_pca(points_on_a_line());
  EXPECT_TRUE(tensors_close(pca.mean, torch::tensor({10.0F, -20.0F}), 1e-6));
  EXPECT_TRUE(tensors_close(pca.components,
                            torch::tensor({{0.6, 0.8}, {0.8, -0.6}}, torch::kDouble), 1e-5));
  EXPECT_TRUE(tensors_close(
      pca.transform(points_on_a_line()),
      torch::tensor({{-2.0F, -0.1F}, {-1.0F, 0.2F}, {0.0F, -0.2F}, {1.0F, 0.2F}, {2.0F, -0.1F}}),
      1e-5));
  EXPECT_TRUE(tensors_close(fit_pca(points_on_a_line(), {.n_components = 1}).components,
                            torch::tensor({{0.6}, {0.8}}, torch::kDouble), 1e-5));
}

TEST(FitPca, MatchesPythonReferenceButForSigns) {
  const core::Safetensors golden = load_golden("evaluation/pca_lightly_1.6.0.safetensors");
  for (const std::string name : {"plane", "wide", "all", "one"}) {
    const torch::Tensor features = golden.at(name + ".features");
    const torch::Tensor expected = golden.at(name + ".components");
    const PCA pca = fit_pca(features, {.n_components = expected.size(1)});
    EXPECT_TRUE(tensors_close(pca.mean, golden.at(name + ".mean"), 2e-6)) << name;
    const torch::Tensor signs = (pca.components * expected).sum(0).sign();
    EXPECT_TRUE(tensors_close(pca.components * signs, expected, 1e-5)) << name;
    EXPECT_TRUE(tensors_close(pca.transform(features) * signs.to(torch::kFloat),
                              golden.at(name + ".transformed"), 2e-5))
        << name;
  }
}

TEST(FitPca, FitsOnAFractionThatTheSeedChooses) {
  torch::manual_seed(0);
  const torch::Tensor features = torch::randn({9'000, 3}) * torch::tensor({3.0F, 2.0F, 1.0F});
  const PCA whole = fit_pca(features);
  const PCA half = fit_pca(features, {.fraction = 0.5, .seed = 1});
  EXPECT_TRUE(tensors_equal(half.mean, fit_pca(features, {.fraction = 0.5, .seed = 1}).mean));
  EXPECT_FALSE(tensors_equal(half.mean, fit_pca(features, {.fraction = 0.5, .seed = 2}).mean));
  EXPECT_TRUE(tensors_close(half.components, whole.components, 0.2));
  EXPECT_TRUE(
      tensors_close(fit_pca(features, {.fraction = 1.0}).components, whole.components, 1e-9));
}

TEST(FitPca, NamesRuleAndValueOnBadInput) {
  const torch::Tensor features = points_on_a_line();
  const auto text = [](const torch::Tensor& input, const PCAOptions& options = {}) {
    return error_text([&] { fit_pca(input, options); });
  };
  EXPECT_EQ(text(features, {.fraction = 1.5}), "fit_pca: fraction must be in [0, 1] but was 1.5.");
  EXPECT_THAT(text(features, {.fraction = std::nan("")}), HasSubstr("but was nan."));
  EXPECT_EQ(text(features, {.n_components = 0}), "fit_pca: n_components must be >= 1, got 0");
  EXPECT_EQ(text(features, {.n_components = 3}),
            "fit_pca: n_components must be at most the features' width, 2, got 3");
  EXPECT_EQ(text(features, {.fraction = 0.2}),
            "fit_pca: at least two rows are needed to fit on, got 1");
  EXPECT_THAT(text(torch::ones({3})), HasSubstr("fit_pca: features must be a floating-point"));
  EXPECT_EQ(text(features / 0.0), "fit_pca: features must be finite, got NaN or infinity");
  EXPECT_EQ(error_text([&] { fit_pca(features).transform(torch::ones({4, 3})); }),
            "PCA: features must be [N, 2], got [4, 3]");
  EXPECT_EQ(error_text([&] { PCA().transform(features); }), "PCA: fit_pca must make it, got none");
}

}  // namespace
}  // namespace lightly::evaluation
