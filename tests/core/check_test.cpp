#include "lightly/core/check.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "support/matchers.hpp"

namespace lightly::core {
namespace {

using lightly::testing::error_text;
using ::testing::HasSubstr;

TEST(Check, SaysCalleeRuleAndValue) {
  EXPECT_EQ(error_text([] { check_probability("Callee", "prob", -0.5); }),
            "Callee: prob must be in [0, 1], got -0.5");
  EXPECT_EQ(error_text([] { check_positive("Callee", "scale", 0.0); }),
            "Callee: scale must be > 0 and finite, got 0");
  EXPECT_EQ(error_text([] { check_at_least("Callee", "size", 0, 1); }),
            "Callee: size must be >= 1, got 0");
  EXPECT_EQ(error_text([] { check_not_negative("Callee", "x", -1.0); }),
            "Callee: x must be >= 0 and finite, got -1");
}

TEST(Check, AcceptsTheEndsAndRejectsNaNAndInfinity) {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_NO_THROW(check_probability("f", "p", 0.0));
  EXPECT_NO_THROW(check_probability("f", "p", 1.0));
  EXPECT_THROW(check_probability("f", "p", nan), c10::ValueError);
  EXPECT_THROW(check_positive("f", "p", nan), c10::ValueError);
  EXPECT_THROW(check_positive("f", "p", infinity), c10::ValueError);
  EXPECT_NO_THROW(check_not_negative("f", "p", 0.0));
  EXPECT_THROW(check_not_negative("f", "p", infinity), c10::ValueError);
}

TEST(Check, ImageMustBeThreeChannelsOfBytes) {
  EXPECT_NO_THROW(check_image("f", torch::zeros({3, 1, 1}, torch::kByte)));
  EXPECT_THAT(
      error_text([] { check_image("f", torch::zeros({3, 4, 5})); }),
      HasSubstr("f: image must be a uint8 tensor [3, H, W] on the CPU, got Float [3, 4, 5]"));
  EXPECT_THROW(check_image("f", torch::zeros({1, 4, 5}, torch::kByte)), c10::ValueError);
  EXPECT_THROW(check_image("f", torch::zeros({3, 0, 5}, torch::kByte)), c10::ValueError);
  EXPECT_THROW(check_image("f", torch::Tensor()), c10::ValueError);
}

}  // namespace
}  // namespace lightly::core
