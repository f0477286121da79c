#include "lightly/transforms/compose.hpp"

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/random_horizontal_flip.hpp"
#include "lightly/transforms/random_resized_crop.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;

TEST(Compose, AppliesInOrderAndTakesLambdas) {
  const at::Tensor image = formula_image(0, {7, 5});
  const Compose compose({
      RandomHorizontalFlip({.p = 1.0}),
      [](const at::Tensor& input, core::Random&) { return functional::rotate90(input); },
  });
  core::Random random(1);
  EXPECT_TRUE(
      tensors_equal(compose(image, random), functional::rotate90(functional::hflip(image))));
  EXPECT_EQ(compose.transforms().size(), 2U);
}

TEST(Compose, GivesLambdasTheRandomnessOfTheView) {
  const Compose compose({[](const at::Tensor& input, core::Random& random) {
    return functional::adjust_brightness(input, random.uniform(0.0F, 2.0F));
  }});
  const at::Tensor image = formula_image(0, {7, 5});
  core::Random a(1);
  core::Random b(1);
  core::Random c(2);
  const at::Tensor first = compose(image, a);
  EXPECT_TRUE(tensors_equal(first, compose(image, b)));
  EXPECT_FALSE(tensors_equal(first, compose(image, c)));
}

TEST(Compose, NestsAndOfNothingKeepsTheImage) {
  const at::Tensor image = formula_image(0, {7, 5});
  core::Random random(1);
  EXPECT_TRUE(tensors_equal(Compose({})(image, random), image));
  const Compose nested({Compose({RandomHorizontalFlip({.p = 1.0})})});
  EXPECT_TRUE(tensors_equal(nested(image, random), functional::hflip(image)));
}

TEST(Compose, RejectsAnEmptyFunction) {
  EXPECT_EQ(error_text([] { Compose({RandomHorizontalFlip(), ImageTransform()}); }),
            "Compose: every transform must be callable, got an empty one");
}

}  // namespace
}  // namespace lightly::transforms
