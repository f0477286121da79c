#include "lightly/models/heads.hpp"

#include "models/formulas.hpp"
#include "support/matchers.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_close;

TEST(SimCLRProjectionHead, IsLinearReluLinear) {
  SimCLRProjectionHead head({.input_dim = 2, .hidden_dim = 2, .output_dim = 1});
  torch::NoGradGuard no_grad;
  head->linear0->weight.copy_(torch::tensor({{1.0F, 0.0F}, {0.0F, -1.0F}}));
  head->linear0->bias.copy_(torch::tensor({0.5F, 0.25F}));
  head->linear2->weight.copy_(torch::tensor({{2.0F, 3.0F}}));
  head->linear2->bias.fill_(-1.0F);
  // (1, 2): hidden (1.5, -1.75 -> 0), 2 * 1.5 - 1; (-1, -2): hidden (-.5 -> 0, 2.25), 3 * 2.25 - 1.
  EXPECT_TRUE(tensors_close(head(torch::tensor({{1.0F, 2.0F}, {-1.0F, -2.0F}})),
                            torch::tensor({{2.0F}, {5.75F}}), 1e-6));
}

TEST(SimCLRProjectionHead, HasTheNamesAndShapesOfThePythonSequential) {
  const SimCLRProjectionHead head({.input_dim = 3, .hidden_dim = 4, .output_dim = 5});
  EXPECT_EQ(key_lines(*head), "0.weight\n0.bias\n2.weight\n2.bias");
  EXPECT_EQ(head->linear0->weight.sizes(), (std::vector<std::int64_t>{4, 3}));
  EXPECT_EQ(head->linear2->weight.sizes(), (std::vector<std::int64_t>{5, 4}));
}

TEST(SimCLRProjectionHead, RejectsSizesBelowOne) {
  EXPECT_EQ(error_text([] { SimCLRProjectionHead({.input_dim = 0}); }),
            "SimCLRProjectionHead: input_dim must be >= 1, got 0");
  EXPECT_EQ(error_text([] { SimCLRProjectionHead({.hidden_dim = -1}); }),
            "SimCLRProjectionHead: hidden_dim must be >= 1, got -1");
  EXPECT_EQ(error_text([] { SimCLRProjectionHead({.output_dim = 0}); }),
            "SimCLRProjectionHead: output_dim must be >= 1, got 0");
}

}  // namespace
}  // namespace lightly::models
