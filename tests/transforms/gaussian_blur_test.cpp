#include "lightly/transforms/gaussian_blur.hpp"

#include <cmath>
#include <set>

#include "lightly/transforms/functional.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;

TEST(GaussianBlur, DrawsSigmaUniformly) {
  const GaussianBlur blur({.sigmas = {0.5, 1.5}, .prob = 1.0});
  core::Random random(1);
  constexpr int kDraws = 20'000;
  double sum = 0.0;
  double squares = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const double sigma = blur.sample(random).value();
    ASSERT_GE(sigma, 0.5);
    ASSERT_LE(sigma, 1.5);
    sum += sigma - 1.0;
    squares += (sigma - 1.0) * (sigma - 1.0);
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 4.0 * 0.289 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0 / 12.0, 0.003);
}

TEST(GaussianBlur, EarlyRadiiAreThoseOfTheOriginal) {
  // A tenth of 32, 64 and 224 px gives radius 1; 2 or 3; 8 to 13.
  const auto radii = [](double kernel_size) {
    const GaussianBlur blur(
        {.prob = 1.0, .early_radius = EarlyBlurRadius{.kernel_size = kernel_size}});
    core::Random random(2);
    std::set<double> seen;
    for (int i = 0; i < 5000; ++i) {
      seen.insert(blur.sample(random).value());
    }
    return seen;
  };
  EXPECT_THAT(radii(3.2), ::testing::ElementsAre(1.0));
  EXPECT_THAT(radii(6.4), ::testing::ElementsAre(2.0, 3.0));
  EXPECT_THAT(radii(22.4), ::testing::ElementsAre(8.0, 9.0, 10.0, 11.0, 12.0, 13.0));
}

TEST(GaussianBlur, EarlyRadiusWithoutScaleIsFixed) {
  const GaussianBlur blur(
      {.prob = 1.0, .early_radius = EarlyBlurRadius{.kernel_size = 9.0, .scale = 0.0}});
  core::Random random(3);
  EXPECT_EQ(blur.sample(random), 4.0);
}

TEST(GaussianBlur, ZeroIsNeverAndOneIsAlways) {
  const at::Tensor image = formula_image(0, {9, 8});
  core::Random random(4);
  const GaussianBlur never({.prob = 0.0});
  const GaussianBlur always({.sigmas = {1.25, 1.25}, .prob = 1.0});
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(tensors_equal(never(image, random), image));
    ASSERT_TRUE(tensors_equal(always(image, random), functional::gaussian_blur(image, 1.25)));
  }
}

TEST(GaussianBlur, RejectsBadOptions) {
  EXPECT_EQ(error_text([] { GaussianBlur({.sigmas = {2.0, 1.0}}); }),
            "GaussianBlur: sigmas must be 0 <= low <= high <= 1e+06, got {2, 1}");
  EXPECT_EQ(error_text([] { GaussianBlur({.sigmas = {-1.0, 1.0}}); }),
            "GaussianBlur: sigmas must be 0 <= low <= high <= 1e+06, got {-1, 1}");
  EXPECT_EQ(error_text([] { GaussianBlur({.prob = 7.0}); }),
            "GaussianBlur: prob must be in [0, 1], got 7");
  EXPECT_EQ(error_text([] { GaussianBlur({.early_radius = EarlyBlurRadius{.kernel_size = 0.0}}); }),
            "GaussianBlur: kernel_size must be in (0, 1e+06], got 0");
  EXPECT_EQ(error_text([] { GaussianBlur({.early_radius = EarlyBlurRadius{.scale = 2.0}}); }),
            "GaussianBlur: scale must be in [0, 1], got 2");
}

}  // namespace
}  // namespace lightly::transforms
