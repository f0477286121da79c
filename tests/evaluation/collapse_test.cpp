#include "lightly/evaluation/collapse.hpp"

#include <cmath>
#include <limits>

#include <torch/nn/modules/linear.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "lightly/loss/negative_cosine_similarity.hpp"
#include "lightly/optim/sgd.hpp"
#include "support/matchers.hpp"

namespace lightly::evaluation {
namespace {

using lightly::testing::error_text;

TEST(OutputStd, IsThatOfRowsOfLengthOne) {
  // Columns (1, -1) and (0, 0): the standard deviations are sqrt(2) and 0.
  EXPECT_NEAR(output_std(torch::tensor({{3.0, 0.0}, {-0.5, 0.0}})), std::sqrt(2.0) / 2, 1e-7);
  EXPECT_EQ(output_std(torch::ones({5, 3})), 0.0);
}

TEST(OutputStd, IsNearTheInverseRootOfTheDimensionWhenOutputsPointEverywhere) {
  torch::manual_seed(1);
  for (const std::int64_t dim : {16, 128}) {
    const at::Tensor outputs = torch::randn({2000, dim});
    EXPECT_NEAR(output_std(outputs), 1.0 / std::sqrt(static_cast<double>(dim)), 2e-3);
    EXPECT_NEAR(output_std(outputs.to(at::kBFloat16)), output_std(outputs), 1e-4);
  }
}

TEST(OutputStd, RejectsWhatIsNoBatchOfOutputs) {
  const std::string rule =
      "output_std: outputs must be floating point [B, D] with B >= 2 and D >= 1";
  EXPECT_EQ(error_text([] { output_std(torch::ones({1, 3})); }), rule + ", got Float [1, 3]");
  EXPECT_EQ(error_text([] { output_std(torch::ones({4})); }), rule + ", got Float [4]");
  EXPECT_EQ(error_text([] { output_std(torch::ones({4, 2}, torch::kLong)); }),
            rule + ", got Long [4, 2]");
  EXPECT_EQ(error_text([] { output_std(at::Tensor()); }), rule + ", got an undefined tensor");
}

TEST(CollapseMonitor, AveragesOverSteps) {
  CollapseMonitor monitor({.momentum = 0.5, .threshold = 0.3});
  EXPECT_FALSE(monitor.is_collapsed());
  torch::manual_seed(1);
  const at::Tensor spread = torch::randn({500, 32});
  EXPECT_EQ(monitor.observe(spread), output_std(spread));
  const double level = monitor.level();
  EXPECT_NEAR(level, 1.0, 0.05);
  monitor.observe(torch::ones({4, 32}));
  EXPECT_NEAR(monitor.level(), level / 2, 1e-9);
  EXPECT_FALSE(monitor.is_collapsed());
  monitor.observe(torch::ones({4, 32}));
  EXPECT_TRUE(monitor.is_collapsed());
  // A step that is no number says nothing about those before and after it.
  EXPECT_TRUE(std::isnan(monitor.observe(torch::full({4, 32}, std::nan("")))));
  EXPECT_TRUE(monitor.is_collapsed());
}

// Pulling two views together with nothing that keeps images apart ends in one output for all.
TEST(CollapseMonitor, SeesACollapseThatATrainingProvokes) {
  torch::manual_seed(1);
  torch::nn::Linear model(8, 16);
  optim::SGD optimizer(model->parameters(), {.lr = 1.0});
  CollapseMonitor monitor;
  const at::Tensor images = torch::randn({64, 8});
  for (int step = 0; step < 300 && !monitor.is_collapsed(); ++step) {
    const at::Tensor out0 = model(images + 0.5 * torch::randn_like(images));
    const at::Tensor out1 = model(images + 0.5 * torch::randn_like(images));
    optimizer.zero_grad();
    loss::negative_cosine_similarity(out0, out1).backward();
    optimizer.step();
    monitor.observe(out0);
    ASSERT_TRUE(step > 0 || !monitor.is_collapsed()) << "collapsed from the start";
  }
  EXPECT_TRUE(monitor.is_collapsed()) << monitor.level();
}

TEST(CollapseMonitor, RejectsOptionsOutOfRange) {
  EXPECT_EQ(error_text([] { CollapseMonitor({.momentum = 1.0}); }),
            "CollapseMonitor: momentum must be in [0, 1), got 1");
  EXPECT_EQ(
      error_text([] { CollapseMonitor({.threshold = std::numeric_limits<double>::quiet_NaN()}); }),
      "CollapseMonitor: threshold must be in [0, 1], got nan");
}

}  // namespace
}  // namespace lightly::evaluation
