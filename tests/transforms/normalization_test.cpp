#include "lightly/transforms/normalization.hpp"

#include <cmath>

#include "support/matchers.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;

TEST(Normalization, DefaultAndImagenetAreValid) {
  EXPECT_EQ(error_text([] { Normalization{}.check(); }), "no error");
  EXPECT_EQ(error_text([] { imagenet_normalize.check(); }), "no error");
  EXPECT_NE(imagenet_normalize, Normalization{});
}

TEST(Normalization, RejectsBadNumbers) {
  EXPECT_EQ(error_text([] { Normalization{.std = {1.0, 0.0, 1.0}}.check(); }),
            "Normalization: std must be > 0 and finite, got 0");
  EXPECT_EQ(error_text([] { Normalization{.mean = {0.0, 0.0, std::nan("")}}.check(); }),
            "Normalization: mean must be finite, got nan");
}

}  // namespace
}  // namespace lightly::transforms
