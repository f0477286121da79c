#include "lightly/transforms/random_apply.hpp"

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

TEST(RandomApply, AppliesAllOrNone) {
  const at::Tensor image = formula_image(0, {7, 5});
  const std::vector<ImageTransform> both = {RandomHorizontalFlip({.p = 1.0}),
                                            RandomVerticalFlip({.p = 1.0})};
  const at::Tensor changed = functional::vflip(functional::hflip(image));
  core::Random random(1);
  const RandomApply never({.transforms = both, .p = 0.0});
  const RandomApply always({.transforms = both, .p = 1.0});
  const RandomApply sometimes({.transforms = both, .p = 0.25});
  int applied = 0;
  for (int i = 0; i < 4000; ++i) {
    const at::Tensor result = sometimes(image, random);
    const bool kept = result.is_alias_of(image);
    applied += kept ? 0 : 1;
    ASSERT_TRUE(tensors_equal(result, kept ? image : changed));
  }
  EXPECT_NEAR(applied, 1000, 110);
  EXPECT_TRUE(tensors_equal(never(image, random), image));
  EXPECT_TRUE(tensors_equal(always(image, random), changed));
}

TEST(RandomApply, RejectsBadOptions) {
  EXPECT_EQ(error_text([] { RandomApply({.transforms = {}, .p = 2.0}); }),
            "RandomApply: p must be in [0, 1], got 2");
  EXPECT_EQ(error_text([] { RandomApply({.transforms = {ImageTransform()}}); }),
            "RandomApply: every transform must be callable, got an empty one");
}

}  // namespace
}  // namespace lightly::transforms
