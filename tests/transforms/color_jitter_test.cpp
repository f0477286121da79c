#include "lightly/transforms/color_jitter.hpp"

#include <map>

#include "lightly/transforms/functional.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;
using Step = ColorJitter::Step;

TEST(ColorJitter, FactorsFillTheirRanges) {
  const ColorJitter jitter({.brightness = 0.4, .contrast = 1.5, .saturation = 0.2, .hue = 0.1});
  core::Random random(1);
  struct Range {
    double least = 1e9;
    double most = -1e9;
    double sum = 0.0;
  };
  std::array<Range, 4> ranges;
  constexpr int kDraws = 10'000;
  for (int i = 0; i < kDraws; ++i) {
    const ColorJitter::Params params = jitter.sample(random);
    const std::array<double, 4> factors{params.brightness.value(), params.contrast.value(),
                                        params.saturation.value(), params.hue.value()};
    for (std::size_t k = 0; k < 4; ++k) {
      ranges[k].least = std::min(ranges[k].least, factors[k]);
      ranges[k].most = std::max(ranges[k].most, factors[k]);
      ranges[k].sum += factors[k];
    }
  }
  // A strength above 1 is cut at factor 0.
  const std::array<std::pair<double, double>, 4> expected{
      {{0.6, 1.4}, {0.0, 2.5}, {0.8, 1.2}, {-0.1, 0.1}}};
  for (std::size_t k = 0; k < 4; ++k) {
    const auto [low, high] = expected[k];
    EXPECT_GE(ranges[k].least, low - 1e-6);
    EXPECT_LE(ranges[k].most, high + 1e-6);
    EXPECT_NEAR(ranges[k].least, low, 0.002 * (high - low));
    EXPECT_NEAR(ranges[k].most, high, 0.002 * (high - low));
    EXPECT_NEAR(ranges[k].sum / kDraws, (low + high) / 2, 0.012 * (high - low));
  }
}

TEST(ColorJitter, EveryOrderIsEquallyLikely) {
  const ColorJitter jitter({.brightness = 0.4});
  core::Random random(2);
  std::map<std::array<Step, 4>, int> counts;
  for (int i = 0; i < 24'000; ++i) {
    ++counts[jitter.sample(random).order];
  }
  EXPECT_EQ(counts.size(), 24U);
  for (const auto& [order, count] : counts) {
    EXPECT_NEAR(count, 1000, 150);
  }
}

TEST(ColorJitter, AppliesItsStepsInTheOrderDrawn) {
  const at::Tensor image = formula_image(0, {9, 8});
  const ColorJitter::Params params{
      .order = {Step::kHue, Step::kContrast, Step::kBrightness, Step::kSaturation},
      .brightness = 1.2,
      .contrast = 0.7,
      .saturation = 1.6,
      .hue = -0.15};
  at::Tensor expected = functional::adjust_hue(image, -0.15);
  expected = functional::adjust_contrast(expected, 0.7);
  expected = functional::adjust_brightness(expected, 1.2);
  expected = functional::adjust_saturation(expected, 1.6);
  EXPECT_TRUE(tensors_equal(ColorJitter::apply(image, params), expected));
}

TEST(ColorJitter, StrengthZeroIsNeitherDrawnNorApplied) {
  const at::Tensor image = formula_image(0, {9, 8});
  core::Random random(3);
  const ColorJitter nothing;
  const ColorJitter::Params params = nothing.sample(random);
  EXPECT_FALSE(params.brightness || params.contrast || params.saturation || params.hue);
  // Not even the hue, whose way through HSV changes pixels at factor 0.
  EXPECT_TRUE(tensors_equal(nothing(image, random), image));

  core::Random a(4);
  core::Random b(4);
  ColorJitter({.hue = 0.1}).sample(a);
  ColorJitter({.saturation = 0.4}).sample(b);
  EXPECT_EQ(a.bits(), b.bits());
}

TEST(ColorJitter, SameRandomSamePixels) {
  const at::Tensor image = formula_image(0, {9, 8});
  const ColorJitter jitter({.brightness = 0.8, .contrast = 0.8, .saturation = 0.8, .hue = 0.2});
  core::Random a({.seed = 1, .index = 5});
  core::Random b({.seed = 1, .index = 5});
  core::Random c({.seed = 1, .index = 6});
  const at::Tensor first = jitter(image, a);
  EXPECT_TRUE(tensors_equal(first, jitter(image, b)));
  EXPECT_FALSE(tensors_equal(first, jitter(image, c)));
}

TEST(ColorJitter, RejectsAnOrderThatNamesAStepTwice) {
  ColorJitter::Params params;
  params.order[0] = Step::kHue;
  EXPECT_EQ(error_text([&] { ColorJitter::apply(formula_image(0, {9, 8}), params); }),
            "ColorJitter: order must name each step once");
}

TEST(ColorJitter, RejectsBadStrengths) {
  EXPECT_EQ(error_text([] { ColorJitter({.brightness = -1.0}); }),
            "ColorJitter: brightness must be >= 0 and finite as a float32, got -1");
  EXPECT_EQ(error_text([] { ColorJitter({.contrast = -1.0}); }),
            "ColorJitter: contrast must be >= 0 and finite as a float32, got -1");
  EXPECT_EQ(error_text([] { ColorJitter({.saturation = -1.0}); }),
            "ColorJitter: saturation must be >= 0 and finite as a float32, got -1");
  EXPECT_EQ(error_text([] { ColorJitter({.hue = 0.6}); }),
            "ColorJitter: hue must be in [0, 0.5], got 0.6");
}

}  // namespace
}  // namespace lightly::transforms
