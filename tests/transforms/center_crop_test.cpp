#include "lightly/transforms/center_crop.hpp"

#include <ATen/ops/zeros.h>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/image_transform.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"
#include "transforms/golden_cases.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::Parameters;
using lightly::testing::tensors_equal;

TEST(CenterCrop, EqualsTorchvision) {
  const core::Safetensors golden =
      lightly::testing::load_golden("transforms/pillow_13.0.0_rotate_tone_center_crop.safetensors");
  lightly::testing::expect_golden(golden, "center_crop", [](const at::Tensor& image, Parameters p) {
    return functional::center_crop(
        image, {static_cast<std::int64_t>(p[0]), static_cast<std::int64_t>(p[1])});
  });
}

TEST(CenterCrop, CutsAndPadsEachSideOnItsOwn) {
  const at::Tensor image = formula_image(2, {6, 5});
  core::Random random(1);
  const at::Tensor result = CenterCrop({.size = {4, 8}})(image, random);
  at::Tensor expected = at::zeros({3, 4, 8}, at::kByte);
  expected.slice(2, 1, 6).copy_(image.slice(1, 1, 5));
  EXPECT_TRUE(tensors_equal(result, expected));
}

TEST(CenterCrop, IsATransformThatDrawsNothing) {
  const ImageTransform crop = CenterCrop({.size = 3});
  core::Random a(1);
  core::Random b(1);
  EXPECT_TRUE(tensors_equal(crop(formula_image(2, {3, 3}), a), formula_image(2, {3, 3})));
  EXPECT_EQ(a.bits(), b.bits());
}

TEST(CenterCrop, RejectsASizeWithoutPixels) {
  EXPECT_EQ(error_text([] { CenterCrop({.size = {4, 0}}); }),
            "CenterCrop: size must be at least 1x1 px, got 4x0");
  EXPECT_EQ(error_text([] { CenterCrop({}); }),
            "CenterCrop: size must be at least 1x1 px, got 0x0");
  EXPECT_EQ(error_text([] { functional::center_crop(formula_image(0, {2, 2}), -1); }),
            "center_crop: size must be at least 1x1 px, got -1x-1");
}

}  // namespace
}  // namespace lightly::transforms
