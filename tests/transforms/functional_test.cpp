#include "lightly/transforms/functional.hpp"

#include <functional>
#include <string>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"
#include "transforms/golden_cases.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::load_golden;
using lightly::testing::Parameters;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

const core::Safetensors& golden() {
  static const core::Safetensors content =
      load_golden("transforms/pillow_13.0.0_functional.safetensors");
  return content;
}

std::int64_t whole(double value) {
  return static_cast<std::int64_t>(value);
}

Box box_from(Parameters p) {
  return {.top = whole(p[0]), .left = whole(p[1]), .height = whole(p[2]), .width = whole(p[3])};
}

Size size_from(Parameters p) {
  return {whole(p[0]), whole(p[1])};
}

void expect_golden(const std::string& name,
                   const std::function<at::Tensor(const at::Tensor&, Parameters)>& operation) {
  lightly::testing::expect_golden(golden(), name, operation);
}

TEST(Functional, CropEqualsPillow) {
  expect_golden("crop", [](const at::Tensor& image, Parameters p) {
    return functional::crop(image, box_from(p));
  });
}

TEST(Functional, ResizeEqualsPillow) {
  expect_golden("resize", [](const at::Tensor& image, Parameters p) {
    return functional::resize(image, size_from(p));
  });
}

TEST(Functional, ResizesEqualEarlyPillowWhenAsked) {
  constexpr auto kEarly = functional::PillowPassOrder::kUpTo12;
  const core::Safetensors early = load_golden("transforms/pillow_9.4.0_resize.safetensors");
  for (const auto& [name, interpolation] :
       {std::pair("bilinear", functional::Interpolation::kBilinear),
        std::pair("bicubic", functional::Interpolation::kBicubic)}) {
    lightly::testing::expect_golden(
        early, std::string("resize.") + name, [&](const at::Tensor& image, Parameters p) {
          return functional::resize(image, size_from(p),
                                    {.interpolation = interpolation, .pass_order = kEarly});
        });
    lightly::testing::expect_golden(
        early, std::string("resized_crop.") + name, [&](const at::Tensor& image, Parameters p) {
          return functional::resized_crop(image, {.box = box_from(p),
                                                  .size = size_from(p + 4),
                                                  .interpolation = interpolation,
                                                  .pass_order = kEarly});
        });
  }
}

TEST(Functional, ResizedCropEqualsPillow) {
  expect_golden("resized_crop", [](const at::Tensor& image, Parameters p) {
    return functional::resized_crop(image, {.box = box_from(p), .size = size_from(p + 4)});
  });
  expect_golden("resized_crop_32", [](const at::Tensor& image, Parameters p) {
    return functional::resized_crop(image, {.box = box_from(p), .size = 32});
  });
}

TEST(Functional, FlipsEqualPillow) {
  expect_golden("hflip",
                [](const at::Tensor& image, Parameters) { return functional::hflip(image); });
  expect_golden("vflip",
                [](const at::Tensor& image, Parameters) { return functional::vflip(image); });
}

TEST(Functional, Rotate90EqualsPillow) {
  expect_golden("rotate90",
                [](const at::Tensor& image, Parameters) { return functional::rotate90(image); });
}

TEST(Functional, AdjustmentsEqualTorchvision) {
  expect_golden("adjust_brightness", [](const at::Tensor& image, Parameters p) {
    return functional::adjust_brightness(image, p[0]);
  });
  expect_golden("adjust_contrast", [](const at::Tensor& image, Parameters p) {
    return functional::adjust_contrast(image, p[0]);
  });
  expect_golden("adjust_saturation", [](const at::Tensor& image, Parameters p) {
    return functional::adjust_saturation(image, p[0]);
  });
  expect_golden("adjust_hue", [](const at::Tensor& image, Parameters p) {
    return functional::adjust_hue(image, p[0]);
  });
}

TEST(Functional, GrayscaleEqualsTorchvision) {
  expect_golden("to_grayscale", [](const at::Tensor& image, Parameters) {
    return functional::to_grayscale(image);
  });
}

TEST(Functional, GaussianBlurEqualsPillow) {
  expect_golden("gaussian_blur", [](const at::Tensor& image, Parameters p) {
    return functional::gaussian_blur(image, p[0]);
  });
}

TEST(Functional, FloatsEqualToTensorAndNormalizeForEveryByte) {
  const at::Tensor statistics = golden().at("normalize.statistics");
  const at::Tensor values = golden().at("normalize.values");
  at::Tensor ramp = at::empty({256, 1, 3}, at::kByte).permute({2, 0, 1});
  for (std::int64_t i = 0; i < 256; ++i) {
    ramp.select(1, i).fill_(i);
  }
  for (std::int64_t n = 0; n < statistics.size(0); ++n) {
    const double* numbers = statistics.const_data_ptr<double>() + 6 * n;
    const Normalization normalization{.mean = {numbers[0], numbers[1], numbers[2]},
                                      .std = {numbers[3], numbers[4], numbers[5]}};
    const at::Tensor result = functional::to_float_normalize(ramp, normalization);
    EXPECT_TRUE(tensors_equal(result.select(2, 0).t(), values[n])) << statistics[n];
  }
}

TEST(Functional, BlurOfHugeRadiusIsTheSameWhereverTheBorderEnds) {
  // A constant image stays constant whatever the box reaches over.
  const at::Tensor image = at::empty({5, 4, 3}, at::kByte).permute({2, 0, 1}).fill_(200);
  for (const double radius : {3.0, 50.0, 5000.0}) {
    EXPECT_TRUE(tensors_equal(functional::gaussian_blur(image, radius), image)) << radius;
  }
}

TEST(Functional, RejectsWhatIsNoImage) {
  const at::Tensor floats = at::zeros({3, 4, 4});
  const at::Tensor planes = at::zeros({1, 4, 4}, at::kByte);
  const at::Tensor nothing = at::zeros({3, 0, 4}, at::kByte);
  EXPECT_THAT(
      error_text([&] { functional::hflip(floats); }),
      HasSubstr("hflip: image must be a uint8 tensor [3, H, W] on the CPU, got Float [3, 4, 4]"));
  EXPECT_THAT(error_text([&] { functional::adjust_hue(planes, 0.1); }),
              HasSubstr("adjust_hue: image must be a uint8 tensor"));
  EXPECT_THAT(error_text([&] { functional::gaussian_blur(nothing, 1.0); }),
              HasSubstr("got Byte [3, 0, 4]"));
  EXPECT_THAT(error_text([&] { functional::to_grayscale(at::Tensor()); }),
              HasSubstr("to_grayscale: image must be a uint8 tensor [3, H, W], got none"));
}

TEST(Functional, RejectsBadParameters) {
  const at::Tensor image = formula_image(0, {6, 5});
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_THAT(
      error_text([&] { functional::crop(image, {.top = 3, .height = 4, .width = 1}); }),
      HasSubstr("crop: box must be at least 1x1 px and inside the image of 6x5, got {top 3, "
                "left 0, height 4, width 1}"));
  EXPECT_THAT(error_text([&] { functional::crop(image, {.height = 0, .width = 1}); }),
              HasSubstr("crop: box must be"));
  EXPECT_THAT(error_text([&] { functional::crop(image, {.left = -1, .height = 1, .width = 1}); }),
              HasSubstr("crop: box must be"));
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT(
      error_text([&] { functional::resized_crop(image, {.box = {most, most, 6, 5}, .size = 3}); }),
      HasSubstr("resized_crop: box must be"));
  EXPECT_THAT(error_text([&] { functional::resize(image, {0, 4}); }),
              HasSubstr("resize: size must be at least 1x1 px, got 0x4"));
  EXPECT_THAT(error_text([&] { functional::adjust_brightness(image, -0.5); }),
              HasSubstr("adjust_brightness: factor must be >= 0 and finite, got -0.5"));
  EXPECT_THAT(error_text([&] { functional::adjust_contrast(image, inf); }),
              HasSubstr("adjust_contrast: factor must be >= 0 and finite, got inf"));
  EXPECT_THAT(error_text([&] { functional::adjust_saturation(image, std::nan("")); }),
              HasSubstr("adjust_saturation: factor must be >= 0 and finite, got nan"));
  EXPECT_THAT(error_text([&] { functional::adjust_hue(image, 0.51); }),
              HasSubstr("adjust_hue: factor must be in [-0.5, 0.5], got 0.51"));
  EXPECT_THAT(error_text([&] { functional::gaussian_blur(image, -1.0); }),
              HasSubstr("gaussian_blur: radius must be in [0, 1e+06] px, got -1"));
}

TEST(Functional, RejectsASlotThatDoesNotFit) {
  const at::Tensor image = formula_image(0, {6, 5});
  EXPECT_THAT(
      error_text([&] { functional::to_float_normalize_into(image, {}, at::empty({3, 5, 6})); }),
      HasSubstr("to_float_normalize_into: slot must be a float32 tensor [3, 6, 5] on the "
                "CPU, got Float [3, 5, 6]"));
  EXPECT_THAT(error_text([&] {
                functional::to_float_normalize_into(image, {}, at::empty({3, 6, 5}, at::kDouble));
              }),
              HasSubstr("got Double [3, 6, 5]"));
  EXPECT_THAT(error_text([&] { functional::to_float_normalize_into(image, {}, at::Tensor()); }),
              HasSubstr("slot must be a tensor, got none"));
  EXPECT_EQ(error_text([&] {
              functional::to_float_normalize_into(image, {}, at::empty({1}).expand({3, 6, 5}));
            }),
            "to_float_normalize_into: slot must not overlap itself, got strides [0, 0, 0]");
  EXPECT_THAT(error_text([&] {
                functional::to_float_normalize_into(at::Tensor(), {}, at::empty({3, 6, 5}));
              }),
              HasSubstr("to_float_normalize_into: image must be"));
}

}  // namespace
}  // namespace lightly::transforms
