#include "lightly/transforms/random_choice.hpp"

#include <array>
#include <cmath>
#include <limits>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/random_horizontal_flip.hpp"
#include "lightly/transforms/random_vertical_flip.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;

std::vector<ImageTransform> flips() {
  return {RandomHorizontalFlip({.p = 1.0}), RandomVerticalFlip({.p = 1.0})};
}

std::vector<int> counts(const RandomChoice& choice, int draws) {
  core::Random random(1);
  std::vector<int> result(choice.options().transforms.size());
  for (int i = 0; i < draws; ++i) {
    ++result.at(choice.sample(random));
  }
  return result;
}

TEST(RandomChoice, AppliesOneOfItsTransforms) {
  const at::Tensor image = formula_image(0, {7, 5});
  const RandomChoice choice({.transforms = flips()});
  std::array<int, 2> chosen{};
  for (std::uint64_t i = 0; i < 200; ++i) {
    core::Random a({.seed = 1, .index = i});
    core::Random b({.seed = 1, .index = i});
    const std::size_t index = choice.sample(a);
    ++chosen.at(index);
    ASSERT_TRUE(tensors_equal(choice(image, b),
                              index == 0 ? functional::hflip(image) : functional::vflip(image)));
  }
  EXPECT_NEAR(chosen[0], 100, 30);
}

TEST(RandomChoice, TransformsAreDrawnAsOftenAsTheirWeightsSay) {
  std::vector<ImageTransform> four = flips();
  four.insert(four.end(), {RandomHorizontalFlip(), RandomVerticalFlip()});
  for (const int count : counts(RandomChoice({.transforms = four}), 20'000)) {
    EXPECT_NEAR(count, 5000, 250);
  }
  const std::vector<int> weighted =
      counts(RandomChoice({.transforms = four, .p = {30.0, 0.0, 10.0, 60.0}}), 20'000);
  EXPECT_NEAR(weighted[0], 6000, 260);
  EXPECT_EQ(weighted[1], 0);
  EXPECT_NEAR(weighted[2], 2000, 170);
  EXPECT_NEAR(weighted[3], 12'000, 280);
}

TEST(RandomChoice, WeightZeroIsNeverAndAllTheWeightIsAlways) {
  for (const double weight : {1.0, 1e-320, 1e300, 0.1}) {
    EXPECT_THAT(counts(RandomChoice({.transforms = flips(), .p = {0.0, weight}}), 1000),
                ::testing::ElementsAre(0, 1000));
    EXPECT_THAT(counts(RandomChoice({.transforms = flips(), .p = {weight, 0.0}}), 1000),
                ::testing::ElementsAre(1000, 0));
  }
}

TEST(RandomChoice, RejectsBadOptions) {
  const auto text = [](const RandomChoiceOptions& options) {
    return error_text([&] { RandomChoice choice(options); });
  };
  EXPECT_EQ(text({}), "RandomChoice: transforms must hold at least one, got none");
  EXPECT_EQ(text({.transforms = {ImageTransform()}}),
            "RandomChoice: every transform must be callable, got an empty one");
  EXPECT_EQ(text({.transforms = flips(), .p = {1.0}}),
            "RandomChoice: p must have a weight for each of the 2 transforms, got 1");
  EXPECT_EQ(text({.transforms = flips(), .p = {1.0, -0.5}}),
            "RandomChoice: p must be >= 0 and finite, got -0.5");
  EXPECT_EQ(text({.transforms = flips(), .p = {std::nan(""), 1.0}}),
            "RandomChoice: p must be >= 0 and finite, got nan");
  EXPECT_EQ(text({.transforms = flips(), .p = {0.0, 0.0}}),
            "RandomChoice: the sum of p must be > 0 and finite, got 0");
  constexpr double kMost = std::numeric_limits<double>::max();
  EXPECT_EQ(text({.transforms = flips(), .p = {kMost, kMost}}),
            "RandomChoice: the sum of p must be > 0 and finite, got inf");
}

}  // namespace
}  // namespace lightly::transforms
