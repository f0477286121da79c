#include <cmath>
#include <limits>

#include <ATen/ops/rot90.h>

#include "lightly/transforms/functional.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"
#include "transforms/golden_cases.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::expect_golden;
using lightly::testing::formula_image;
using lightly::testing::load_golden;
using lightly::testing::Parameters;
using lightly::testing::tensors_equal;

TEST(FunctionalRotate, EqualsPillow) {
  const core::Safetensors golden =
      load_golden("transforms/pillow_13.0.0_rotate_tone_center_crop.safetensors");
  for (const char* name : {"rotate", "rotate_special"}) {
    expect_golden(golden, name, [](const at::Tensor& image, Parameters p) {
      return functional::rotate(image, p[0]);
    });
  }
}

TEST(FunctionalRotate, QuarterTurnsOfSquaresLoseNothing) {
  for (const Size& size : {Size(1), Size(2), Size(7), Size(32)}) {
    const at::Tensor image = formula_image(2, size);
    for (const std::int64_t quarters : {-5, -4, -1, 0, 1, 2, 3, 4, 9}) {
      EXPECT_TRUE(tensors_equal(functional::rotate(image, 90.0 * static_cast<double>(quarters)),
                                at::rot90(image, quarters, {1, 2})))
          << quarters << " quarters of " << size;
    }
  }
}

TEST(FunctionalRotate, ByNinetyIsRotate90) {
  for (const Size& size : {Size(1, 1), Size(9, 9), Size(6, 11), Size(20, 3), Size(1, 40000)}) {
    const at::Tensor image = formula_image(4, size);
    for (const double degrees : {90.0, -270.0, 450.0}) {
      EXPECT_TRUE(tensors_equal(functional::rotate(image, degrees), functional::rotate90(image)))
          << size << " by " << degrees;
    }
  }
}

TEST(FunctionalRotate, RejectsAnglesThatAreNotFinite) {
  const at::Tensor image = formula_image(0, {6, 5});
  EXPECT_EQ(error_text([&] { functional::rotate(image, std::nan("")); }),
            "rotate: degrees must be finite, got nan");
  EXPECT_EQ(
      error_text([&] { functional::rotate(image, -std::numeric_limits<double>::infinity()); }),
      "rotate: degrees must be finite, got -inf");
}

}  // namespace
}  // namespace lightly::transforms
