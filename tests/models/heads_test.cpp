#include "lightly/models/heads.hpp"

#include <limits>

#include "models/formulas.hpp"
#include "models/small_models.hpp"
#include "support/matchers.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

constexpr HeadNorm kNoNorm = HeadNorm::kNone;

ProjectionHead mixed_head() {
  return ProjectionHead({.blocks = {
                             {6, 5, HeadNorm::kBatchNorm, HeadActivation::kGELU, true},
                             {5, 7, kNoNorm, HeadActivation::kReLU},
                             {7, 4, HeadNorm::kBatchNormNotAffine},
                             {4, 3, kNoNorm, HeadActivation::kNone, false},
                         }});
}

// Makes the head from the golden case's seed and compares all that the file holds of it.
template <typename Make>
void expect_golden_head(const std::string& name, Make make) {
  SCOPED_TRACE(name);
  const auto golden = load_golden("models/heads_lightly_1.6.0.safetensors");
  const auto value = [&](const std::string& key) { return golden.at(name + "." + key); };
  torch::manual_seed(7);
  auto head = make();
  EXPECT_EQ(shape_lines(*head), golden.metadata.at(name + ".shapes"));
  EXPECT_TRUE(tensors_close(initial_sums(*head), value("initial_sums"), 1e-6));
  fill(*head);
  const at::Tensor features = 3 * image({8, 6});
  EXPECT_TRUE(tensors_close(head->forward(features).to(at::kDouble), value("train"), 1e-6, 1e-6));

  head = make();  // with fresh running statistics
  to_double(*head);
  fill(*head);
  const at::Tensor x = (3 * image({8, 6}).to(at::kDouble)).requires_grad_();
  const at::Tensor out = head->forward(x);
  EXPECT_TRUE(tensors_close(out, value("train"), 1e-10, 1e-10));
  (out * image(out.sizes().vec())).sum().backward();
  EXPECT_TRUE(tensors_close(x.grad(), value("input.grad"), 1e-10, 1e-10));
  EXPECT_TRUE(tensors_close(head->named_parameters()["layers.0.weight"].grad(),
                            value("layers.0.weight.grad"), 1e-10, 1e-10));
  head->eval();
  EXPECT_TRUE(tensors_close(head->forward(x), value("eval"), 1e-10, 1e-10));
}

TEST(ProjectionHeads, GiveThePythonValuesGradientsAndInitialWeights) {
  expect_golden_head("simclr", [] {
    return SimCLRProjectionHead({.input_dim = 6, .hidden_dim = 5, .output_dim = 4});
  });
  expect_golden_head("simclr_3_layers", [] {
    return SimCLRProjectionHead(
        {.input_dim = 6, .hidden_dim = 5, .output_dim = 4, .num_layers = 3, .batch_norm = false});
  });
  expect_golden_head("moco_v2", [] {
    return MoCoProjectionHead({.input_dim = 6, .hidden_dim = 5, .output_dim = 4});
  });
  expect_golden_head("moco_v3", [] {
    return MoCoProjectionHead(
        {.input_dim = 6, .hidden_dim = 5, .output_dim = 4, .num_layers = 3, .batch_norm = true});
  });
  expect_golden_head("simsiam_projection", [] {
    return SimSiamProjectionHead({.input_dim = 6, .hidden_dim = 5, .output_dim = 4});
  });
  expect_golden_head("simsiam_prediction", [] {
    return SimSiamPredictionHead({.input_dim = 6, .hidden_dim = 5, .output_dim = 4});
  });
  expect_golden_head("blocks", mixed_head);
}

TEST(ProjectionHeads, HaveThePythonDefaults) {
  const auto golden = load_golden("models/heads_lightly_1.6.0.safetensors");
  EXPECT_EQ(shape_lines(*SimCLRProjectionHead()), golden.metadata.at("simclr.default_shapes"));
  EXPECT_EQ(shape_lines(*MoCoProjectionHead()), golden.metadata.at("moco.default_shapes"));
  EXPECT_EQ(shape_lines(*SimSiamProjectionHead()),
            golden.metadata.at("simsiam_projection.default_shapes"));
  EXPECT_EQ(shape_lines(*SimSiamPredictionHead()),
            golden.metadata.at("simsiam_prediction.default_shapes"));
}

TEST(ProjectionHead, IsLinearReluLinear) {
  ProjectionHead head({.blocks = {{2, 2, kNoNorm, HeadActivation::kReLU}, {2, 1}}});
  const torch::NoGradGuard no_grad;
  const auto parameters = head->named_parameters();
  at::Tensor(parameters["layers.0.weight"]).copy_(torch::tensor({{1.0F, 0.0F}, {0.0F, -1.0F}}));
  at::Tensor(parameters["layers.0.bias"]).copy_(torch::tensor({0.5F, 0.25F}));
  at::Tensor(parameters["layers.2.weight"]).copy_(torch::tensor({{2.0F, 3.0F}}));
  at::Tensor(parameters["layers.2.bias"]).fill_(-1.0F);
  // (1, 2): hidden (1.5, -1.75 -> 0), 2 * 1.5 - 1; (-1, -2): hidden (-.5 -> 0, 2.25), 3 * 2.25 - 1.
  EXPECT_TRUE(tensors_close(head(torch::tensor({{1.0F, 2.0F}, {-1.0F, -2.0F}})),
                            torch::tensor({{2.0F}, {5.75F}}), 1e-6));
}

TEST(ProjectionHead, ClonesIntoTensorsOfItsOwn) {
  ProjectionHead head = mixed_head();
  head->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor x = torch::randn({2, 6});
  const at::Tensor expected = head(x);
  const auto copy = std::dynamic_pointer_cast<ProjectionHeadImpl>(head->clone());
  EXPECT_TRUE(tensors_equal(copy->forward(x), expected));
  for (at::Tensor& parameter : copy->parameters()) {
    parameter.zero_();
  }
  EXPECT_TRUE(tensors_equal(copy->forward(x), torch::zeros_like(expected)));
  EXPECT_TRUE(tensors_equal(head(x), expected));
}

TEST(ProjectionHead, TakesOneRowWhereNothingIsNormalisedOverTheBatch) {
  SimSiamPredictionHead head({.input_dim = 3, .hidden_dim = 2, .output_dim = 4});
  const at::Tensor row = torch::ones({1, 3});
  EXPECT_EQ(
      error_text([&] { head(row); }),
      "SimSiamPredictionHead: batch normalisation in training mode needs two or more rows, got 1");
  head->eval();
  EXPECT_EQ(head(row).sizes(), (std::vector<std::int64_t>{1, 4}));
  MoCoProjectionHead without_norm({.input_dim = 3, .hidden_dim = 2, .output_dim = 4});
  EXPECT_EQ(without_norm(row).sizes(), (std::vector<std::int64_t>{1, 4}));
}

TEST(ProjectionHead, PassesNaNOn) {
  MoCoProjectionHead head({.input_dim = 3, .hidden_dim = 2, .output_dim = 4});
  at::Tensor x = torch::ones({2, 3});
  x[1][0] = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor out = head(x);
  EXPECT_FALSE(out[0].isnan().any().item<bool>());
  EXPECT_TRUE(out[1].isnan().all().item<bool>());
}

TEST(ProjectionHead, SaysWhichFeaturesItTakes) {
  SimCLRProjectionHead head({.input_dim = 3, .hidden_dim = 2, .output_dim = 4});
  for (const auto& [shape, text] : std::vector<std::pair<std::vector<std::int64_t>, std::string>>{
           {{2, 4}, "[2, 4]"}, {{0, 3}, "[0, 3]"}, {{3}, "[3]"}, {{2, 3, 1}, "[2, 3, 1]"}}) {
    EXPECT_EQ(error_text([&] { head(torch::ones(shape)); }),
              "SimCLRProjectionHead: features must be [B, 3] with B >= 1, got " + text);
  }
}

TEST(ProjectionHead, RejectsBadOptions) {
  EXPECT_EQ(error_text([] { ProjectionHead(ProjectionHeadOptions{}); }),
            "ProjectionHead: blocks must not be empty");
  EXPECT_EQ(error_text([] { ProjectionHead({.blocks = {{4, 3}, {3, 0}}}); }),
            "ProjectionHead: block 1: output_dim must be >= 1, got 0");
  EXPECT_EQ(error_text([] { ProjectionHead({.blocks = {{4, 3}, {2, 5}}}); }),
            "ProjectionHead: block 1: input_dim must be the output_dim of the block before, 3, got "
            "2");
  EXPECT_EQ(error_text([] { SimCLRProjectionHead({.input_dim = 0}); }),
            "SimCLRProjectionHead: input_dim must be >= 1, got 0");
  EXPECT_EQ(error_text([] { SimCLRProjectionHead({.num_layers = 1}); }),
            "SimCLRProjectionHead: num_layers must be >= 2, got 1");
  EXPECT_EQ(error_text([] { MoCoProjectionHead({.hidden_dim = -1}); }),
            "MoCoProjectionHead: hidden_dim must be >= 1, got -1");
  EXPECT_EQ(error_text([] { MoCoProjectionHead({.num_layers = 0}); }),
            "MoCoProjectionHead: num_layers must be >= 2, got 0");
  EXPECT_EQ(error_text([] { SimSiamProjectionHead({.output_dim = 0}); }),
            "SimSiamProjectionHead: output_dim must be >= 1, got 0");
  EXPECT_EQ(error_text([] { SimSiamPredictionHead({.hidden_dim = 0}); }),
            "SimSiamPredictionHead: hidden_dim must be >= 1, got 0");
}

}  // namespace
}  // namespace lightly::models
