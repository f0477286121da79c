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
            "Normalization: std must be > 0 and finite as a float32, got 0");
  EXPECT_EQ(error_text([] { Normalization{.mean = {0.0, 0.0, std::nan("")}}.check(); }),
            "Normalization: mean must be finite as a float32, got nan");
}

TEST(Normalization, RejectsWhatFloat32RoundsToZeroOrInfinity) {
  EXPECT_EQ(error_text([] { Normalization{.std = {1e-60, 1.0, 1.0}}.check(); }),
            "Normalization: std must be > 0 and finite as a float32, got 1e-60");
  EXPECT_EQ(error_text([] { Normalization{.std = {1.0, 1.0, 1e300}}.check(); }),
            "Normalization: std must be > 0 and finite as a float32, got 1e+300");
  EXPECT_EQ(error_text([] { Normalization{.mean = {1e300, 0.0, 0.0}}.check(); }),
            "Normalization: mean must be finite as a float32, got 1e+300");
}

}  // namespace
}  // namespace lightly::transforms
