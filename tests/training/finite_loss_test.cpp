#include "lightly/training/finite_loss.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "support/matchers.hpp"

namespace lightly::training {
namespace {

using lightly::testing::error_text;

TEST(CheckFiniteLoss, PassesNumbers) {
  EXPECT_NO_THROW(check_finite_loss(0.0, 0, 0));
  EXPECT_NO_THROW(check_finite_loss(-1e300, 0, 0));
}

TEST(CheckFiniteLoss, NamesValueEpochAndStep) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(error_text([] { check_finite_loss(-std::numeric_limits<double>::quiet_NaN(), 3, 17); }),
            "check_finite_loss: the loss must be finite, got NaN in epoch 3, step 17");
  EXPECT_EQ(error_text([=] { check_finite_loss(infinity, 0, 1); }),
            "check_finite_loss: the loss must be finite, got infinity in epoch 0, step 1");
  EXPECT_EQ(error_text([=] { check_finite_loss(-infinity, 0, 1); }),
            "check_finite_loss: the loss must be finite, got -infinity in epoch 0, step 1");
}

}  // namespace
}  // namespace lightly::training
