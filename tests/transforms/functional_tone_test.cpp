// Solarize, posterize, equalize, autocontrast, invert.
#include <ATen/ops/arange.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/full.h>
#include <ATen/ops/where.h>

#include "lightly/transforms/functional.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"
#include "transforms/golden_cases.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::expect_golden;
using lightly::testing::formula_image;
using lightly::testing::Parameters;
using lightly::testing::tensors_equal;

const core::Safetensors& golden_tones() {
  static const core::Safetensors content =
      lightly::testing::load_golden("transforms/pillow_13.0.0_rotate_tone_center_crop.safetensors");
  return content;
}

// Every byte once, in all three channels.
at::Tensor ramp() {
  return at::arange(256, at::kByte).reshape({1, 16, 16}).expand({3, 16, 16});
}

TEST(FunctionalTone, TablesEqualPillow) {
  expect_golden(golden_tones(), "solarize", [](const at::Tensor& image, Parameters p) {
    return functional::solarize(image, static_cast<std::int64_t>(p[0]));
  });
  expect_golden(golden_tones(), "posterize", [](const at::Tensor& image, Parameters p) {
    return functional::posterize(image, static_cast<std::int64_t>(p[0]));
  });
  expect_golden(golden_tones(), "invert",
                [](const at::Tensor& image, Parameters) { return functional::invert(image); });
}

TEST(FunctionalTone, HistogramsEqualPillow) {
  expect_golden(golden_tones(), "equalize",
                [](const at::Tensor& image, Parameters) { return functional::equalize(image); });
  expect_golden(golden_tones(), "autocontrast", [](const at::Tensor& image, Parameters) {
    return functional::autocontrast(image);
  });
}

TEST(FunctionalTone, UnevenHistogramsEqualPillow) {
  for (int n = 0; n < 8; ++n) {
    const std::string name = "histograms." + std::to_string(n);
    const auto image = [&](const std::string& of) {
      return golden_tones().at(of).permute({2, 0, 1});
    };
    EXPECT_TRUE(tensors_equal(functional::equalize(image(name)), image(name + ".equalize"))) << n;
    EXPECT_TRUE(tensors_equal(functional::autocontrast(image(name)), image(name + ".autocontrast")))
        << n;
  }
}

TEST(FunctionalTone, EveryThresholdAndNumberOfBits) {
  const at::Tensor image = ramp();
  const at::Tensor values = image.to(at::kShort);
  for (std::int64_t threshold = 0; threshold <= 256; ++threshold) {
    const at::Tensor expected = at::where(values < threshold, values, 255 - values);
    ASSERT_TRUE(tensors_equal(functional::solarize(image, threshold), expected.to(at::kByte)))
        << threshold;
  }
  for (std::int64_t bits = 1; bits <= 8; ++bits) {
    const at::Tensor expected = at::bitwise_and(values, 256 - (256 >> bits));
    ASSERT_TRUE(tensors_equal(functional::posterize(image, bits), expected.to(at::kByte))) << bits;
  }
  EXPECT_TRUE(tensors_equal(functional::invert(image), 255 - image));
}

TEST(FunctionalTone, WhatCannotBeSpreadStays) {
  const at::Tensor flat = at::full({3, 5, 4}, 93, at::kByte);
  EXPECT_TRUE(tensors_equal(functional::equalize(flat), flat));
  EXPECT_TRUE(tensors_equal(functional::autocontrast(flat), flat));
  // Each value as often as any other, over the whole range already.
  EXPECT_TRUE(tensors_equal(functional::autocontrast(ramp()), ramp()));
  // Fewer than 256 pixels beside the brightest value: nothing to spread, says Pillow.
  const at::Tensor few = formula_image(2, {3, 3});
  EXPECT_TRUE(tensors_equal(functional::equalize(few), few));
}

TEST(FunctionalTone, RejectsParametersOutOfTheirRange) {
  const at::Tensor image = formula_image(0, {6, 5});
  EXPECT_EQ(error_text([&] { functional::solarize(image, -1); }),
            "solarize: threshold must be in [0, 256], got -1");
  EXPECT_EQ(error_text([&] { functional::solarize(image, 257); }),
            "solarize: threshold must be in [0, 256], got 257");
  EXPECT_EQ(error_text([&] { functional::posterize(image, 0); }),
            "posterize: bits must be in [1, 8], got 0");
  EXPECT_EQ(error_text([&] { functional::posterize(image, 9); }),
            "posterize: bits must be in [1, 8], got 9");
}

}  // namespace
}  // namespace lightly::transforms
