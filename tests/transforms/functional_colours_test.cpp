// Every one of the 2^24 colours: a fused multiply-add or a reciprocal in place of a division shows
// up in a few of them only. Under every SIMD target of this machine, the scalar code among them.
#include <functional>
#include <string>

#include "lightly/transforms/functional.hpp"
#include "support/matchers.hpp"
#include "support/sanitized.hpp"
#include "support/simd_targets.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::crc;
using lightly::testing::kGoldenStride;

class EveryColour : public lightly::testing::SimdTargetTest {
 protected:
  static void SetUpTestSuite() { colours_ = lightly::testing::every_colour(); }
  static void TearDownTestSuite() { colours_ = at::Tensor(); }

  using Operation = at::Tensor (*)(const at::Tensor&, double);

  static void expect_golden(const std::string& name, Operation operation) {
    const core::Safetensors golden =
        lightly::testing::load_golden("transforms/pillow_13.0.0_functional.safetensors");
    const at::Tensor factors = golden.at("colours." + name + ".factors");
    const at::Tensor expected = golden.at("colours." + name + ".crc");
    for (std::int64_t n = 0; n < factors.numel(); n += kGoldenStride) {
      const double factor = factors.const_data_ptr<double>()[n];
      EXPECT_EQ(crc(operation(colours_, factor)), expected.const_data_ptr<std::int64_t>()[n])
          << name << " by " << factor;
    }
  }

  inline static at::Tensor colours_;
};

TEST_P(EveryColour, HueEqualsTorchvision) {
  expect_golden("adjust_hue", functional::adjust_hue);
}

TEST_P(EveryColour, SaturationEqualsTorchvision) {
  expect_golden("adjust_saturation", functional::adjust_saturation);
}

TEST_P(EveryColour, GrayscaleEqualsTorchvision) {
  const core::Safetensors golden =
      lightly::testing::load_golden("transforms/pillow_13.0.0_functional.safetensors");
  EXPECT_EQ(crc(functional::to_grayscale(colours_)),
            golden.at("colours.to_grayscale.crc").item<std::int64_t>());
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, EveryColour,
                         ::testing::ValuesIn(lightly::testing::simd_targets()),
                         lightly::testing::target_name);

}  // namespace
}  // namespace lightly::transforms
