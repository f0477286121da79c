// What every transform has in common: it refuses what is no image whether it would change it or
// not, takes an image of one pixel, and names the option that is out of its range.
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "lightly/transforms/center_crop.hpp"
#include "lightly/transforms/color_jitter.hpp"
#include "lightly/transforms/gaussian_blur.hpp"
#include "lightly/transforms/image_view.hpp"
#include "lightly/transforms/random_apply.hpp"
#include "lightly/transforms/random_choice.hpp"
#include "lightly/transforms/random_grayscale.hpp"
#include "lightly/transforms/random_horizontal_flip.hpp"
#include "lightly/transforms/random_resized_crop.hpp"
#include "lightly/transforms/random_rotate.hpp"
#include "lightly/transforms/random_rotate_degrees.hpp"
#include "lightly/transforms/random_solarization.hpp"
#include "lightly/transforms/random_vertical_flip.hpp"
#include "lightly/transforms/resize.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::formula_image;
using ::testing::StartsWith;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct NamedTransform {
  std::string name;
  ImageTransform transform;
};

// Each with all its probability, and those that have one without.
std::vector<NamedTransform> every_transform() {
  return {
      {"CenterCrop", CenterCrop({.size = 3})},
      {"ColorJitter", ColorJitter()},
      {"ColorJitter",
       ColorJitter({.brightness = 0.4, .contrast = 0.4, .saturation = 0.4, .hue = 0.1})},
      {"GaussianBlur", GaussianBlur({.prob = 0.0})},
      {"GaussianBlur", GaussianBlur({.prob = 1.0})},
      {"ImageView", ImageView({.input_size = 5})},
      {"RandomGrayscale", RandomGrayscale({.p = 0.0})},
      {"RandomGrayscale", RandomGrayscale({.p = 1.0})},
      {"RandomHorizontalFlip", RandomHorizontalFlip({.p = 0.0})},
      {"RandomHorizontalFlip", RandomHorizontalFlip({.p = 1.0})},
      {"RandomResizedCrop", RandomResizedCrop({.size = 4})},
      {"RandomRotate", RandomRotate({.prob = 0.0})},
      {"RandomRotate", RandomRotate({.prob = 1.0})},
      {"RandomRotateDegrees", RandomRotateDegrees({.prob = 0.0, .degrees = 10})},
      {"RandomRotateDegrees", RandomRotateDegrees({.prob = 1.0, .degrees = 10})},
      {"RandomSolarization", RandomSolarization({.prob = 0.0})},
      {"RandomSolarization", RandomSolarization({.prob = 1.0})},
      {"RandomVerticalFlip", RandomVerticalFlip({.p = 0.0})},
      {"RandomVerticalFlip", RandomVerticalFlip({.p = 1.0})},
      {"Resize", Resize({.size = 3})},
  };
}

// The text of the c10::ValueError, and of nothing else, that `callable` throws.
std::string value_error(const std::function<void()>& callable) {
  try {
    callable();
  } catch (const c10::ValueError& error) {
    return error.what_without_backtrace();
  }
  return "no error";
}

TEST(BadInput, EveryTransformRefusesWhatIsNoImage) {
  core::Random random(1);
  for (const NamedTransform& named : every_transform()) {
    for (const at::Tensor& nothing : lightly::testing::no_images()) {
      EXPECT_THAT(value_error([&] { named.transform(nothing, random); }),
                  StartsWith(named.name + ": image must be a uint8 tensor [3, H, W]"));
    }
  }
}

TEST(BadInput, EveryTransformTakesOnePixel) {
  const at::Tensor pixel = formula_image(0, {1, 1});
  for (const NamedTransform& named : every_transform()) {
    core::Random random(2);
    const at::Tensor result = named.transform(pixel, random);
    EXPECT_EQ(result.dim(), 3) << named.name;
    EXPECT_EQ(result.size(0), 3) << named.name;
    EXPECT_EQ(result.scalar_type(), at::kByte) << named.name;
  }
}

TEST(BadInput, ProbabilitiesAreInZeroToOne) {
  struct Probability {
    std::string name;
    std::function<void(double)> make;
  };
  const std::vector<Probability> probabilities{
      {"GaussianBlur: prob", [](double p) { GaussianBlur({.prob = p}); }},
      {"RandomApply: p", [](double p) { RandomApply({.transforms = {}, .p = p}); }},
      {"RandomGrayscale: p", [](double p) { RandomGrayscale({.p = p}); }},
      {"RandomHorizontalFlip: p", [](double p) { RandomHorizontalFlip({.p = p}); }},
      {"RandomRotate: prob", [](double p) { RandomRotate({.prob = p}); }},
      {"RandomRotateDegrees: prob",
       [](double p) { RandomRotateDegrees({.prob = p, .degrees = 10}); }},
      {"RandomSolarization: prob", [](double p) { RandomSolarization({.prob = p}); }},
      {"RandomVerticalFlip: p", [](double p) { RandomVerticalFlip({.p = p}); }},
      {"ImageView: cj_prob", [](double p) { ImageView({.cj_prob = p}); }},
      {"ImageView: min_scale", [](double p) { ImageView({.min_scale = p}); }},
      {"ImageView: random_gray_scale", [](double p) { ImageView({.random_gray_scale = p}); }},
      {"ImageView: gaussian_blur", [](double p) { ImageView({.gaussian_blur = p}); }},
      {"ImageView: vf_prob", [](double p) { ImageView({.vf_prob = p}); }},
      {"ImageView: hf_prob", [](double p) { ImageView({.hf_prob = p}); }},
      {"ImageView: rr_prob", [](double p) { ImageView({.rr_prob = p}); }},
  };
  for (const auto& [name, make] : probabilities) {
    EXPECT_EQ(value_error([&] { make(-0.25); }), name + " must be in [0, 1], got -0.25");
    EXPECT_EQ(value_error([&] { make(1.5); }), name + " must be in [0, 1], got 1.5");
    EXPECT_EQ(value_error([&] { make(kNan); }), name + " must be in [0, 1], got nan");
    EXPECT_EQ(value_error([&] { make(kInf); }), name + " must be in [0, 1], got inf");
  }
}

TEST(BadInput, StrengthsAreNotNegativeAndFinite) {
  struct Strength {
    std::string name;
    std::function<void(double)> make;
  };
  const std::vector<Strength> strengths{
      {"ColorJitter: brightness", [](double s) { ColorJitter({.brightness = s}); }},
      {"ColorJitter: contrast", [](double s) { ColorJitter({.contrast = s}); }},
      {"ColorJitter: saturation", [](double s) { ColorJitter({.saturation = s}); }},
      {"ImageView: cj_bright", [](double s) { ImageView({.cj_bright = s}); }},
      {"ImageView: cj_contrast", [](double s) { ImageView({.cj_contrast = s}); }},
      {"ImageView: cj_sat", [](double s) { ImageView({.cj_sat = s}); }},
  };
  for (const auto& [name, make] : strengths) {
    const std::string rule = name + " must be >= 0 and finite as a float32, got ";
    EXPECT_EQ(value_error([&] { make(-0.5); }), rule + "-0.5");
    EXPECT_EQ(value_error([&] { make(kNan); }), rule + "nan");
    EXPECT_EQ(value_error([&] { make(kInf); }), rule + "inf");
    // Beyond float32 there is no factor to draw.
    EXPECT_EQ(value_error([&] { make(1e300); }), rule + "1e+300");
  }
  EXPECT_EQ(value_error([] { ColorJitter({.hue = kNan}); }),
            "ColorJitter: hue must be in [0, 0.5], got nan");
  EXPECT_EQ(value_error([] { ColorJitter({.hue = -0.1}); }),
            "ColorJitter: hue must be in [0, 0.5], got -0.1");
  EXPECT_EQ(value_error([] { ImageView({.cj_hue = kNan}); }),
            "ImageView: cj_hue must be in [0, 0.5], got nan");
}

TEST(BadInput, RangesAreInOrderAndFinite) {
  const auto crop = [](const RandomResizedCropOptions& options) {
    return value_error([&] { RandomResizedCrop transform(options); });
  };
  const std::string scale = "RandomResizedCrop: scale must be 0 <= low <= high and high > 0, got ";
  EXPECT_EQ(crop({.scale = {0.6, 0.5}}), scale + "{0.6, 0.5}");
  EXPECT_EQ(crop({.scale = {-0.1, 0.5}}), scale + "{-0.1, 0.5}");
  EXPECT_EQ(crop({.scale = {kNan, 0.5}}), scale + "{nan, 0.5}");
  EXPECT_EQ(crop({.scale = {0.1, kNan}}), scale + "{0.1, nan}");
  EXPECT_EQ(crop({.scale = {0.1, kInf}}), scale + "{0.1, inf}");
  EXPECT_EQ(crop({.scale = {0.1, 1e300}}), scale + "{0.1, 1e+300}");
  EXPECT_EQ(crop({.scale = {0.0, 0.0}}), scale + "{0, 0}");
  const std::string ratio = "RandomResizedCrop: ratio must be 0 < low <= high, got ";
  EXPECT_EQ(crop({.ratio = {2.0, 1.0}}), ratio + "{2, 1}");
  EXPECT_EQ(crop({.ratio = {-1.0, 1.0}}), ratio + "{-1, 1}");
  EXPECT_EQ(crop({.ratio = {kNan, 1.0}}), ratio + "{nan, 1}");
  EXPECT_EQ(crop({.ratio = {1.0, kNan}}), ratio + "{1, nan}");
  EXPECT_EQ(crop({.ratio = {1.0, kInf}}), ratio + "{1, inf}");
  EXPECT_EQ(crop({.ratio = {1e-300, 1.0}}), ratio + "{1e-300, 1}");

  const auto blur = [](const GaussianBlurOptions& options) {
    return value_error([&] { GaussianBlur transform(options); });
  };
  const std::string sigmas = "GaussianBlur: sigmas must be 0 <= low <= high <= 1e+06, got ";
  EXPECT_EQ(blur({.sigmas = {1.0, 0.5}}), sigmas + "{1, 0.5}");
  EXPECT_EQ(blur({.sigmas = {kNan, 1.0}}), sigmas + "{nan, 1}");
  EXPECT_EQ(blur({.sigmas = {0.5, kNan}}), sigmas + "{0.5, nan}");
  EXPECT_EQ(blur({.sigmas = {0.5, kInf}}), sigmas + "{0.5, inf}");
  EXPECT_EQ(value_error([] { ImageView({.sigmas = {1.0, 0.5}}); }),
            "ImageView: sigmas must be 0 <= low <= high <= 1e+06, got {1, 0.5}");
  EXPECT_EQ(blur({.early_radius = EarlyBlurRadius{.kernel_size = kNan}}),
            "GaussianBlur: kernel_size must be in (0, 1e+06], got nan");
  EXPECT_EQ(blur({.early_radius = EarlyBlurRadius{.kernel_size = kInf}}),
            "GaussianBlur: kernel_size must be in (0, 1e+06], got inf");
  EXPECT_EQ(blur({.early_radius = EarlyBlurRadius{.scale = kNan}}),
            "GaussianBlur: scale must be in [0, 1], got nan");
  EXPECT_EQ(blur({.early_radius = EarlyBlurRadius{.scale = -1.0}}),
            "GaussianBlur: scale must be in [0, 1], got -1");
  EXPECT_EQ(value_error([] { ImageView({.kernel_size = kNan}); }),
            "ImageView: kernel_size must be in (0, 1], got nan");
  EXPECT_EQ(value_error([] { simclr_view({.cj_strength = kNan}); }),
            "simclr_view: cj_strength must be in [0, 2.5], got nan");
}

TEST(BadInput, CropsAreNotSampledOutOfAnEmptyImage) {
  core::Random random(3);
  EXPECT_EQ(value_error([&] { RandomResizedCrop().sample({0, 5}, random); }),
            "RandomResizedCrop: image_size must be at least 1x1 px, got 0x5");
  EXPECT_EQ(value_error([&] { ImageView().sample({5, -1}, random); }),
            "ImageView: image_size must be at least 1x1 px, got 5x-1");
}

}  // namespace
}  // namespace lightly::transforms
