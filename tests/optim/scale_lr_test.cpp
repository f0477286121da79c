#include "lightly/optim/scale_lr.hpp"

#include <gtest/gtest.h>

#include "support/matchers.hpp"

namespace lightly::optim {
namespace {

using lightly::testing::error_text;

TEST(ScaleLr, GivesTheRatesOfSimCLR) {
  EXPECT_DOUBLE_EQ(scale_lr(0.3, 4096), 4.8);
  EXPECT_DOUBLE_EQ(scale_lr(0.06, 128), 0.03);
  EXPECT_DOUBLE_EQ(scale_lr(0.075, 4096, LrScaling::kSquareRoot), 4.8);
  EXPECT_DOUBLE_EQ(scale_lr(0.075, 256, LrScaling::kSquareRoot), 1.2);
}

TEST(ScaleLr, RejectsBadArguments) {
  EXPECT_EQ(error_text([] { scale_lr(-0.1, 256); }),
            "scale_lr: base_lr must be >= 0 and finite, got -0.1");
  EXPECT_EQ(error_text([] { scale_lr(0.1, 0); }), "scale_lr: batch_size must be >= 1, got 0");
}

}  // namespace
}  // namespace lightly::optim
