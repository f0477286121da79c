#include "lightly/transforms/resize.hpp"

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/image_transform.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;

TEST(Resize, IsTheOperationAndDrawsNothing) {
  const at::Tensor image = formula_image(2, {9, 14});
  const ImageTransform resize = Resize({.size = {5, 20}});
  core::Random a(1);
  core::Random b(1);
  EXPECT_TRUE(tensors_equal(resize(image, a), functional::resize(image, {5, 20})));
  EXPECT_EQ(a.bits(), b.bits());
}

TEST(Resize, InterpolatesAsAsked) {
  const at::Tensor image = formula_image(2, {90, 140});
  core::Random random(1);
  const Resize nearest({.size = 50, .interpolation = functional::Interpolation::kNearest});
  EXPECT_TRUE(tensors_equal(
      nearest(image, random),
      functional::resize(image, 50, {.interpolation = functional::Interpolation::kNearest})));
  const Resize early({.size = {10, 130}, .pass_order = functional::PillowPassOrder::kUpTo12});
  EXPECT_TRUE(tensors_equal(
      early(image, random),
      functional::resize(image, {10, 130}, {.pass_order = functional::PillowPassOrder::kUpTo12})));
  EXPECT_FALSE(tensors_equal(early(image, random), functional::resize(image, {10, 130})));
}

TEST(Resize, OneNumberIsASquare) {
  core::Random random(1);
  EXPECT_EQ(Resize({.size = 6})(formula_image(2, {9, 14}), random).sizes(),
            (std::vector<std::int64_t>{3, 6, 6}));
}

TEST(Resize, RejectsASizeWithoutPixels) {
  EXPECT_EQ(error_text([] { Resize({.size = {0, 4}}); }),
            "Resize: size must be at least 1x1 px, got 0x4");
  EXPECT_EQ(error_text([] { Resize({}); }), "Resize: size must be at least 1x1 px, got 0x0");
}

}  // namespace
}  // namespace lightly::transforms
