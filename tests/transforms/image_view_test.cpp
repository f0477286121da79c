#include "lightly/transforms/image_view.hpp"

#include <utility>

#include <ATen/ops/zeros.h>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/image_transform.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"
#include "transforms/golden_cases.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::crc;
using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

TEST(ImageView, EqualsPillowAndTorchvisionWithEveryChoiceFixed) {
  const core::Safetensors golden =
      lightly::testing::load_golden("transforms/pillow_13.0.0_functional.safetensors");
  const at::Tensor cases = golden.at("view.cases");
  ASSERT_EQ(cases.size(0), 300);
  for (std::int64_t n = 0; n < cases.size(0); ++n) {
    const double* p = cases.const_data_ptr<double>() + n * cases.size(1);
    const auto whole = [p](int i) { return static_cast<std::int64_t>(p[i]); };
    const auto step = [p](int i) { return static_cast<ColorJitter::Step>(p[i]); };
    const at::Tensor image = formula_image(static_cast<std::uint32_t>(p[0]), {whole(1), whole(2)});
    ImageView::Params params{.crop = {whole(3), whole(4), whole(5), whole(6)},
                             .rotate = p[8] != 0.0 ? std::optional<double>(90.0) : std::nullopt,
                             .hflip = p[9] != 0.0,
                             .vflip = p[10] != 0.0,
                             .jitter = std::nullopt,
                             .gray = p[20] != 0.0,
                             .blur = std::nullopt};
    if (p[11] != 0.0) {
      params.jitter = {.order = {step(12), step(13), step(14), step(15)},
                       .brightness = p[16],
                       .contrast = p[17],
                       .saturation = p[18],
                       .hue = p[19]};
    }
    if (p[21] >= 0.0) {
      params.blur = p[21];
    }
    const ImageView view({.input_size = whole(7)});
    const at::Tensor result = view.apply(image, params);
    ASSERT_EQ(crc(result), golden.at("view.crc").const_data_ptr<std::int64_t>()[n]) << cases[n];
    ASSERT_EQ(crc(functional::to_float_normalize(result, imagenet_normalize)),
              golden.at("view.float_crc").const_data_ptr<std::int64_t>()[n])
        << cases[n];
  }
}

TEST(ImageView, DefaultsAreLightlys) {
  const ImageViewOptions options;
  EXPECT_EQ(options.input_size, Size(64, 64));
  EXPECT_EQ(options.cj_prob, 0.8);
  EXPECT_EQ(options.cj_bright, 0.7);
  EXPECT_EQ(options.cj_contrast, 0.7);
  EXPECT_EQ(options.cj_sat, 0.7);
  EXPECT_EQ(options.cj_hue, 0.2);
  EXPECT_EQ(options.min_scale, 0.15);
  EXPECT_EQ(options.random_gray_scale, 0.2);
  EXPECT_EQ(options.gaussian_blur, 0.5);
  EXPECT_EQ(options.kernel_size, 0.1);
  EXPECT_EQ(options.vf_prob, 0.0);
  EXPECT_EQ(options.hf_prob, 0.5);
  EXPECT_EQ(options.rr_prob, 0.0);
  EXPECT_EQ(options.max_scale, 1.0);
  EXPECT_FALSE(options.rr_degrees.has_value());
  EXPECT_EQ(options.rotation, RotationPlace::kBeforeFlips);
  EXPECT_EQ(options.solarization_prob, 0.0);
  EXPECT_EQ(options.solarization_threshold, 128);
  EXPECT_EQ(options.interpolation, functional::Interpolation::kBilinear);
  EXPECT_EQ(options.pass_order, functional::PillowPassOrder::kCurrent);
}

// The parameters of a view of `image` as it is, for the tests to add to.
ImageView::Params unchanged(const at::Tensor& image) {
  return {.crop = {0, 0, image.size(1), image.size(2)}};
}

TEST(ImageView, RotatesByTheAngleDrawnBeforeOrAfterTheFlips) {
  const at::Tensor image = formula_image(0, {24, 24});
  ImageView::Params params = unchanged(image);
  params.rotate = 30.0;
  params.hflip = true;
  const ImageView before({.input_size = 24});
  EXPECT_TRUE(tensors_equal(before.apply(image, params),
                            functional::hflip(functional::rotate(image, 30.0))));
  const ImageView after({.input_size = 24, .rotation = RotationPlace::kAfterFlips});
  EXPECT_TRUE(tensors_equal(after.apply(image, params),
                            functional::rotate(functional::hflip(image), 30.0)));
}

TEST(ImageView, SolarizesAfterOrBeforeTheBlur) {
  const at::Tensor image = formula_image(0, {24, 24});
  ImageView::Params params = unchanged(image);
  params.blur = 1.5;
  params.solarize = true;
  const ImageView after({.input_size = 24, .solarization_threshold = 100});
  EXPECT_TRUE(tensors_equal(after.apply(image, params),
                            functional::solarize(functional::gaussian_blur(image, 1.5), 100)));
  const ImageView before({.input_size = 24,
                          .solarization_threshold = 100,
                          .solarization = SolarizationPlace::kBeforeBlur});
  EXPECT_TRUE(tensors_equal(before.apply(image, params),
                            functional::gaussian_blur(functional::solarize(image, 100), 1.5)));
}

TEST(ImageView, ResizesAsAskedWhateverComesAfter) {
  const at::Tensor image = formula_image(0, {24, 30});
  for (const auto interpolation :
       {functional::Interpolation::kNearest, functional::Interpolation::kBilinear,
        functional::Interpolation::kBicubic}) {
    ImageView::Params params = unchanged(image);
    const at::Tensor resized = functional::resized_crop(
        image, {.box = params.crop, .size = {40, 16}, .interpolation = interpolation});
    const ImageView view({.input_size = {40, 16}, .interpolation = interpolation});
    EXPECT_TRUE(tensors_equal(view.apply(image, params), resized));
    params.hflip = params.vflip = true;
    const at::Tensor flipped = resized.flip({1, 2});
    EXPECT_TRUE(tensors_equal(view.apply(image, params), flipped));
    params.rotate = 12.5;
    EXPECT_TRUE(
        tensors_equal(view.apply(image, params), functional::rotate(resized, 12.5).flip({1, 2})));
    const ImageView turned_last({.input_size = {40, 16},
                                 .rotation = RotationPlace::kAfterFlips,
                                 .interpolation = interpolation});
    EXPECT_TRUE(tensors_equal(turned_last.apply(image, params), functional::rotate(flipped, 12.5)));
  }
}

TEST(ImageView, CropsEqualEarlyPillowWhenAsked) {
  const core::Safetensors early =
      lightly::testing::load_golden("transforms/pillow_9.4.0_resize.safetensors");
  for (const auto& [name, interpolation] :
       {std::pair("resized_crop.bilinear", functional::Interpolation::kBilinear),
        std::pair("resized_crop.bicubic", functional::Interpolation::kBicubic)}) {
    lightly::testing::expect_golden(
        early, name, [&](const at::Tensor& image, lightly::testing::Parameters p) {
          const auto whole = [p](int k) { return static_cast<std::int64_t>(p[k]); };
          const ImageView view({.input_size = {whole(4), whole(5)},
                                .interpolation = interpolation,
                                .pass_order = functional::PillowPassOrder::kUpTo12});
          return view.apply(image, {.crop = {whole(0), whole(1), whole(2), whole(3)}});
        });
  }
}

TEST(ImageView, FloatsAreTheNormalisedBytesWithEveryStepAtOnce) {
  const at::Tensor image = formula_image(0, {40, 50});
  for (const auto place : {SolarizationPlace::kBeforeBlur, SolarizationPlace::kAfterBlur}) {
    const ImageView view({.input_size = 32,
                          .cj_prob = 1.0,
                          .random_gray_scale = 0.5,
                          .gaussian_blur = 0.5,
                          .rr_prob = 0.5,
                          .rr_degrees = 45.0,
                          .solarization_prob = 0.5,
                          .solarization = place,
                          .interpolation = functional::Interpolation::kBicubic});
    core::Random random(7);
    for (int i = 0; i < 100; ++i) {
      const ImageView::Params params = view.sample({40, 50}, random);
      const at::Tensor slot = at::zeros({3, 32, 32});
      view.apply_into(image, params, slot);
      ASSERT_TRUE(tensors_equal(
          slot, functional::to_float_normalize(view.apply(image, params), imagenet_normalize)))
          << i;
    }
  }
}

TEST(ImageView, AnglesAndCropsStayInTheirRanges) {
  const ImageView view(
      {.min_scale = 0.2, .max_scale = 0.25, .rr_prob = 1.0, .rr_degrees = {{-20.0, 35.0}}});
  core::Random random(6);
  double least = 90.0;
  double most = -90.0;
  for (int i = 0; i < 2000; ++i) {
    const ImageView::Params params = view.sample({400, 400}, random);
    const auto area = static_cast<double>(params.crop.height * params.crop.width);
    ASSERT_NEAR(area / (400.0 * 400.0), 0.225, 0.027);
    least = std::min(least, params.rotate.value());
    most = std::max(most, params.rotate.value());
  }
  EXPECT_NEAR(least, -20.0, 0.5);
  EXPECT_NEAR(most, 35.0, 0.5);
  EXPECT_EQ(ImageView({.rr_prob = 1.0}).sample({40, 40}, random).rotate, 90.0);
}

TEST(ImageView, SimclrScalesTheJitterByItsStrength) {
  const ImageViewOptions defaults = simclr_view({});
  EXPECT_EQ(defaults.input_size, Size(224, 224));
  EXPECT_EQ(defaults.min_scale, 0.08);
  EXPECT_DOUBLE_EQ(defaults.cj_bright, 0.4);
  EXPECT_DOUBLE_EQ(defaults.cj_hue, 0.1);
  const ImageViewOptions strong = simclr_view({.input_size = {32, 48},
                                               .cj_prob = 0.1,
                                               .cj_strength = 1.0,
                                               .gaussian_blur = 0.25,
                                               .vf_prob = 0.3,
                                               .hf_prob = 0.4,
                                               .rr_prob = 0.6,
                                               .sigmas = {0.1, 2.0}});
  EXPECT_EQ(strong.input_size, Size(32, 48));
  EXPECT_EQ(strong.cj_prob, 0.1);
  EXPECT_DOUBLE_EQ(strong.cj_bright, 0.8);
  EXPECT_DOUBLE_EQ(strong.cj_contrast, 0.8);
  EXPECT_DOUBLE_EQ(strong.cj_sat, 0.8);
  EXPECT_DOUBLE_EQ(strong.cj_hue, 0.2);
  EXPECT_EQ(strong.gaussian_blur, 0.25);
  EXPECT_EQ(strong.vf_prob, 0.3);
  EXPECT_EQ(strong.hf_prob, 0.4);
  EXPECT_EQ(strong.rr_prob, 0.6);
  EXPECT_THAT(strong.sigmas, ::testing::ElementsAre(0.1, 2.0));
}

TEST(ImageView, ChoicesHappenAsOftenAsAsked) {
  const ImageView view({.cj_prob = 0.8,
                        .random_gray_scale = 0.2,
                        .gaussian_blur = 0.5,
                        .vf_prob = 0.1,
                        .hf_prob = 0.4,
                        .rr_prob = 0.3,
                        .solarization_prob = 0.25});
  core::Random random(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 20'000; ++i) {
    const ImageView::Params params = view.sample({40, 50}, random);
    counts[0] += params.jitter ? 1 : 0;
    counts[1] += params.gray ? 1 : 0;
    counts[2] += params.blur ? 1 : 0;
    counts[3] += params.vflip ? 1 : 0;
    counts[4] += params.hflip ? 1 : 0;
    counts[5] += params.rotate ? 1 : 0;
    counts[6] += params.solarize ? 1 : 0;
  }
  const std::array<double, 7> expected{0.8, 0.2, 0.5, 0.1, 0.4, 0.3, 0.25};
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const double deviation = std::sqrt(20'000 * expected[k] * (1.0 - expected[k]));
    EXPECT_NEAR(counts[k], 20'000 * expected[k], 4.0 * deviation) << k;
  }
}

TEST(ImageView, WithEverythingOffIsTheResizedCrop) {
  const ImageView view({.input_size = {20, 24},
                        .cj_prob = 0.0,
                        .min_scale = 1.0,
                        .random_gray_scale = 0.0,
                        .gaussian_blur = 0.0,
                        .hf_prob = 0.0});
  const at::Tensor image = formula_image(0, {30, 30});
  core::Random random(2);
  for (int i = 0; i < 100; ++i) {
    const ImageView::Params params = view.sample({30, 30}, random);
    EXPECT_TRUE(
        tensors_equal(view.apply(image, params),
                      functional::resized_crop(image, {.box = params.crop, .size = {20, 24}})));
    EXPECT_FALSE(params.rotate || params.hflip || params.vflip || params.gray);
    EXPECT_FALSE(params.jitter || params.blur || params.solarize);
  }
}

TEST(ImageView, EarlyBlurRadiusFollowsTheLongerSide) {
  const ImageView view({.input_size = {32, 224}, .gaussian_blur = 1.0, .early_blur_radius = true});
  core::Random random(3);
  for (int i = 0; i < 1000; ++i) {
    const double radius = view.sample({64, 64}, random).blur.value();
    ASSERT_GE(radius, 8.0);
    ASSERT_LE(radius, 13.0);
    ASSERT_EQ(radius, std::floor(radius));
  }
}

TEST(ImageView, SameRandomSamePixelsAndTheInputStays) {
  const at::Tensor image = formula_image(0, {40, 50});
  const std::int64_t before = crc(image);
  const ImageView view({.input_size = 32, .rr_prob = 0.5});
  int equal = 0;
  for (std::uint64_t i = 0; i < 50; ++i) {
    core::Random a({.seed = 1, .index = i});
    core::Random b({.seed = 1, .index = i});
    core::Random other({.seed = 1, .index = i, .view = 1});
    const at::Tensor first = view(image, a);
    ASSERT_TRUE(tensors_equal(first, view(image, b)));
    equal += tensors_equal(first, view(image, other)) ? 1 : 0;
  }
  EXPECT_EQ(equal, 0);
  EXPECT_EQ(crc(image), before);
}

TEST(ImageView, IsATransformAndWorksOnOnePixel) {
  const ImageTransform view = ImageView({.input_size = {5, 3}});
  core::Random random(4);
  EXPECT_EQ(view(formula_image(0, {1, 1}), random).sizes(), (std::vector<std::int64_t>{3, 5, 3}));
}

TEST(ImageView, ErrorsNameTheField) {
  const auto text = [](const ImageViewOptions& options) {
    return error_text([&] { ImageView view(options); });
  };
  EXPECT_EQ(text({.input_size = -1}), "ImageView: input_size must be at least 1x1 px, got -1x-1");
  EXPECT_EQ(text({.cj_prob = 2.0}), "ImageView: cj_prob must be in [0, 1], got 2");
  EXPECT_EQ(text({.cj_bright = -1.0}),
            "ImageView: cj_bright must be >= 0 and finite as a float32, got -1");
  EXPECT_EQ(text({.cj_contrast = -1.0}),
            "ImageView: cj_contrast must be >= 0 and finite as a float32, got -1");
  EXPECT_EQ(text({.cj_sat = -1.0}),
            "ImageView: cj_sat must be >= 0 and finite as a float32, got -1");
  EXPECT_EQ(text({.cj_hue = 0.7}), "ImageView: cj_hue must be in [0, 0.5], got 0.7");
  EXPECT_EQ(text({.min_scale = 1.5}), "ImageView: min_scale must be in [0, 1], got 1.5");
  EXPECT_EQ(text({.max_scale = 0.0}), "ImageView: max_scale must be in (0, 1], got 0");
  EXPECT_EQ(text({.max_scale = NAN}), "ImageView: max_scale must be in (0, 1], got nan");
  EXPECT_EQ(text({.min_scale = 0.5, .max_scale = 0.4}),
            "ImageView: min_scale must be <= max_scale (0.4), got 0.5");
  EXPECT_EQ(text({.random_gray_scale = -1.0}),
            "ImageView: random_gray_scale must be in [0, 1], got -1");
  EXPECT_EQ(text({.gaussian_blur = 3.0}), "ImageView: gaussian_blur must be in [0, 1], got 3");
  EXPECT_EQ(text({.kernel_size = 0.0}), "ImageView: kernel_size must be in (0, 1], got 0");
  EXPECT_EQ(text({.vf_prob = 3.0}), "ImageView: vf_prob must be in [0, 1], got 3");
  EXPECT_EQ(text({.hf_prob = 3.0}), "ImageView: hf_prob must be in [0, 1], got 3");
  EXPECT_EQ(text({.rr_prob = 3.0}), "ImageView: rr_prob must be in [0, 1], got 3");
  EXPECT_EQ(text({.sigmas = {3.0, 2.0}}),
            "ImageView: sigmas must be 0 <= low <= high <= 1e+06, got {3, 2}");
  EXPECT_EQ(text({.rr_degrees = {{3.0, -3.0}}}),
            "ImageView: rr_degrees must be -1e+06 <= low <= high <= 1e+06, got {3, -3}");
  EXPECT_THAT(text({.rr_degrees = NAN}), HasSubstr("ImageView: rr_degrees must be"));
  EXPECT_EQ(text({.input_size = {1, 20'000'000}, .early_blur_radius = true}),
            "ImageView: kernel_size must be at most 1e+06 px of a side, got 0.1 of 20000000 px");
  EXPECT_EQ(text({.solarization_prob = -1.0}),
            "ImageView: solarization_prob must be in [0, 1], got -1");
  EXPECT_EQ(text({.solarization_threshold = 257}),
            "ImageView: solarization_threshold must be in [0, 256], got 257");
  EXPECT_EQ(error_text([] { simclr_view({.cj_strength = -1.0}); }),
            "simclr_view: cj_strength must be in [0, 2.5], got -1");
  EXPECT_EQ(error_text([] { simclr_view({.hf_prob = 1.5}); }),
            "simclr_view: hf_prob must be in [0, 1], got 1.5");
  EXPECT_EQ(error_text([] { SimCLRViewOptions{.hf_prob = 1.5}.check(); }),
            "simclr_view: hf_prob must be in [0, 1], got 1.5");
}

TEST(ImageView, RejectsParamsOutOfBounds) {
  const at::Tensor image = formula_image(0, {24, 30});
  const ImageView view({.input_size = 24});
  ImageView::Params params = unchanged(image);
  params.crop.left = 1;
  EXPECT_EQ(error_text([&] { view.apply(image, params); }),
            "ImageView: crop must be at least 1x1 px and inside the image of 24x30, got {top 0, "
            "left 1, height 24, width 30}");
  params = unchanged(image);
  params.jitter.emplace().order[0] = ColorJitter::Step::kHue;
  EXPECT_EQ(error_text([&] { view.apply(image, params); }),
            "ImageView: order of the jitter must name each step once");
  params.jitter.emplace().brightness = -0.5;
  EXPECT_EQ(error_text([&] { view.apply(image, params); }),
            "ImageView: brightness must be >= 0 and finite, got -0.5");
  params.jitter.emplace().hue = 0.6;
  EXPECT_EQ(error_text([&] { view.apply(image, params); }),
            "ImageView: hue must be in [-0.5, 0.5], got 0.6");
  params = unchanged(image);
  params.blur = -1.0;
  EXPECT_EQ(error_text([&] { view.apply(image, params); }),
            "ImageView: blur must be in [0, 1e+06] px, got -1");
  params = unchanged(image);
  params.rotate = NAN;
  EXPECT_EQ(error_text([&] { view.apply(image, params); }),
            "ImageView: rotate must be finite, got nan");
}

TEST(ImageView, RejectsASlotThatOverlapsItself) {
  const at::Tensor image = formula_image(0, {24, 24});
  const ImageView view({.input_size = 24});
  const at::Tensor one_value = at::zeros({3, 1, 1}).expand({3, 24, 24});
  EXPECT_EQ(error_text([&] { view.apply_into(image, unchanged(image), one_value); }),
            "ImageView: slot must not overlap itself, got strides [1, 0, 0]");
  // The stride along an axis of one element says nothing.
  const ImageView pixel({.input_size = 1});
  pixel.apply_into(image, unchanged(image), at::zeros({3}).as_strided({3, 1, 1}, {1, 0, 0}));
}

TEST(ImageView, RejectsWhatIsNoImage) {
  core::Random random(5);
  EXPECT_THAT(error_text([&] { ImageView()(at::zeros({3, 4, 4}), random); }),
              HasSubstr("ImageView: image must be a uint8 tensor [3, H, W] on the CPU, got Float"));
}

}  // namespace
}  // namespace lightly::transforms
