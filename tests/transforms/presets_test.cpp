#include <cmath>
#include <vector>

#include "lightly/transforms/byol_transform.hpp"
#include "lightly/transforms/dino_transform.hpp"
#include "lightly/transforms/fast_siam_transform.hpp"
#include "lightly/transforms/image_view.hpp"
#include "lightly/transforms/moco_transform.hpp"
#include "lightly/transforms/simclr_transform.hpp"
#include "lightly/transforms/simsiam_transform.hpp"
#include "lightly/transforms/swav_transform.hpp"
#include "lightly/transforms/vicreg_transform.hpp"
#include "support/matchers.hpp"
#include "support/view_steps.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_view_steps;
using lightly::testing::view_steps;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Normalization kOther{.mean = {0.1, 0.2, 0.3}, .std = {0.4, 0.5, 0.6}};

// What tests/golden/transforms/make_presets.py changes in every preset.
template <typename Options>
Options with_shared_changes(Options options) {
  options.cj_prob = 0.7;
  options.cj_strength = 0.6;
  options.cj_bright = 0.5;
  options.cj_contrast = 0.4;
  options.cj_sat = 0.3;
  options.cj_hue = 0.25;
  options.random_gray_scale = 0.15;
  options.sigmas = {0.3, 1.7};
  options.vf_prob = 0.11;
  options.hf_prob = 0.45;
  options.rr_prob = 0.22;
  options.rr_degrees = {{-20.0, 35.0}};
  return options;
}

// What it changes in presets with one size of views.
template <typename Options>
Options with_sized_changes(Options options) {
  options = with_shared_changes(options);
  options.input_size = 96;
  options.min_scale = 0.3;
  options.gaussian_blur = 0.35;
  return options;
}

void expect_golden(const MultiViewTransform& views, const std::string& name,
                   const std::string& variant) {
  EXPECT_EQ(view_steps(views),
            load_view_steps("transforms/presets_lightly_1.6.0.json", name, variant))
      << name << " " << variant;
}

// By default, with every option changed, and without normalisation.
template <typename Preset, typename Options>
void expect_equals_lightly(const std::string& name, Options changed) {
  expect_golden(Preset(), name, "default");
  changed.normalize = kOther;
  expect_golden(Preset(changed), name, "changed");
  Options raw;
  raw.normalize = std::nullopt;
  expect_golden(Preset(raw), name, "without normalize");
}

TEST(SimCLRTransform, EqualsLightly) {
  expect_equals_lightly<SimCLRTransform>("SimCLRTransform",
                                         with_sized_changes(SimCLRTransformOptions()));
  expect_golden(SimCLRTransform({.rr_prob = 1.0, .rr_degrees = 30.0}), "SimCLRTransform",
                "one number of degrees");
}

TEST(MoCoV1Transform, EqualsLightly) {
  expect_equals_lightly<MoCoV1Transform>("MoCoV1Transform",
                                         with_sized_changes(MoCoV1TransformOptions()));
}

TEST(MoCoV2Transform, EqualsLightly) {
  expect_equals_lightly<MoCoV2Transform>("MoCoV2Transform",
                                         with_sized_changes(MoCoV2TransformOptions()));
}

TEST(SimSiamTransform, EqualsLightly) {
  expect_equals_lightly<SimSiamTransform>("SimSiamTransform",
                                          with_sized_changes(SimSiamTransformOptions()));
}

TEST(VICRegTransform, EqualsLightly) {
  expect_equals_lightly<VICRegTransform>(
      "VICRegTransform", with_sized_changes(VICRegTransformOptions{.solarize_prob = 0.13}));
}

TEST(FastSiamTransform, EqualsLightly) {
  expect_equals_lightly<FastSiamTransform>(
      "FastSiamTransform", with_sized_changes(FastSiamTransformOptions{.num_views = 3}));
}

TEST(BYOLTransform, EqualsLightly) {
  expect_golden(BYOLTransform(), "BYOLTransform", "default");
  BYOLTransformOptions changed{
      .view_1_transform = with_sized_changes(BYOLView1TransformOptions{.solarization_prob = 0.12}),
      .view_2_transform = with_sized_changes(BYOLView2TransformOptions{.solarization_prob = 0.4}),
      .normalize = kOther};
  changed.view_2_transform.input_size = 64;
  changed.view_2_transform.cj_strength = 0.8;
  expect_golden(BYOLTransform(changed), "BYOLTransform", "changed");
}

TEST(BYOLTransform, OptionsOfTheSecondViewKeepItsOtherDefaults) {
  const BYOLTransform byol({.view_1_transform = {.input_size = 32},
                            .view_2_transform = {.input_size = 32},
                            .normalize = std::nullopt});
  const auto& second = byol.transforms.at(1).target<ImageView>()->options();
  EXPECT_EQ(second.input_size, Size(32));
  EXPECT_EQ(second.gaussian_blur, 0.1);
  EXPECT_EQ(second.solarization_prob, 0.2);
  EXPECT_EQ(byol.normalize, std::nullopt);
}

TEST(SwaVTransform, EqualsLightly) {
  SwaVTransformOptions changed =
      with_shared_changes(SwaVTransformOptions{.crop_sizes = {64, 48, 32},
                                               .crop_counts = {1, 2, 0},
                                               .crop_min_scales = {0.3, 0.2, 0.1},
                                               .crop_max_scales = {0.9, 0.5, 0.4}});
  changed.gaussian_blur = 0.35;
  expect_equals_lightly<SwaVTransform>("SwaVTransform", changed);
}

TEST(DINOTransform, EqualsLightly) {
  DINOTransformOptions changed =
      with_shared_changes(DINOTransformOptions{.global_crop_size = 80,
                                               .global_crop_scale = {0.5, 0.9},
                                               .local_crop_size = 40,
                                               .local_crop_scale = {0.1, 0.3},
                                               .n_local_views = 2,
                                               .gaussian_blur = {0.9, 0.2, 0.4},
                                               .solarization_prob = 0.3});
  changed.cj_strength = 0.5;
  expect_equals_lightly<DINOTransform>("DINOTransform", changed);
}

TEST(DINOTransform, StrengthReachesEveryView) {
  for (const ImageTransform& view : DINOTransform({.cj_strength = 1.0}).transforms) {
    EXPECT_EQ(view.target<ImageView>()->options().cj_bright, 0.8);
  }
}

TEST(DINOTransform, WithoutLocalViewsHasTheTwoGlobalOnes) {
  EXPECT_EQ(DINOTransform({.n_local_views = 0}).transforms.size(), 2U);
}

TEST(Presets, PassOrderReachesEveryView) {
  constexpr auto kEarly = functional::PillowPassOrder::kUpTo12;
  const std::vector<MultiViewTransform> presets{
      SimCLRTransform({.pass_order = kEarly}),
      MoCoV1Transform({.pass_order = kEarly}),
      MoCoV2Transform({.pass_order = kEarly}),
      SimSiamTransform({.pass_order = kEarly}),
      FastSiamTransform({.pass_order = kEarly}),
      SwaVTransform({.pass_order = kEarly}),
      DINOTransform({.pass_order = kEarly}),
      VICRegTransform({.pass_order = kEarly}),
      BYOLTransform({.view_1_transform = {.pass_order = kEarly},
                     .view_2_transform = {.pass_order = kEarly}})};
  for (const MultiViewTransform& preset : presets) {
    for (const ImageTransform& view : preset.transforms) {
      EXPECT_EQ(view.target<ImageView>()->options().pass_order, kEarly);
    }
  }
}

TEST(Presets, ErrorsNamePresetOptionAndValue) {
  EXPECT_EQ(error_text([] { SimCLRTransform({.cj_strength = -1.0}); }),
            "SimCLRTransform: cj_strength must be >= 0 and finite, got -1");
  EXPECT_EQ(error_text([] { SimCLRTransform({.cj_strength = 1e300}); }),
            "SimCLRTransform: cj_strength * cj_bright must be >= 0 and finite as a float32, got "
            "8e+299");
  EXPECT_EQ(error_text([] { MoCoV1Transform({.cj_strength = 2.0}); }),
            "MoCoV1Transform: cj_strength * cj_hue must be in [0, 0.5], got 0.8");
  EXPECT_EQ(error_text([] { SimSiamTransform({.cj_hue = NAN}); }),
            "SimSiamTransform: cj_strength * cj_hue must be in [0, 0.5], got nan");
  EXPECT_EQ(error_text([] { MoCoV2Transform({.cj_prob = -0.5}); }),
            "MoCoV2Transform: cj_prob must be in [0, 1], got -0.5");
  EXPECT_EQ(error_text([] { SimSiamTransform({.min_scale = 2.0}); }),
            "SimSiamTransform: min_scale must be in [0, 1], got 2");
  EXPECT_EQ(error_text([] { FastSiamTransform({.num_views = 0}); }),
            "FastSiamTransform: num_views must be >= 1, got 0");
  EXPECT_EQ(error_text([] { BYOLTransform({.view_2_transform = {.solarization_prob = -1.0}}); }),
            "BYOLTransform: view_2_transform: solarization_prob must be in [0, 1], got -1");
  EXPECT_EQ(error_text([] { BYOLTransform({.view_1_transform = {.cj_strength = NAN}}); }),
            "BYOLTransform: view_1_transform: cj_strength must be >= 0 and finite, got nan");
  EXPECT_EQ(error_text([] { VICRegTransform({.solarize_prob = NAN}); }),
            "VICRegTransform: solarize_prob must be in [0, 1], got nan");
  EXPECT_THAT(error_text([] { SimCLRTransform({.rr_degrees = {{10.0, -10.0}}}); }),
              HasSubstr("SimCLRTransform: rr_degrees must be"));
  EXPECT_THAT(error_text([] { SimCLRTransform({.normalize = Normalization{.std = {1, 0, 1}}}); }),
              HasSubstr("std must be > 0"));
}

// What check() says of options with hf_prob out of its bounds.
template <typename Options>
std::string check_text() {
  return error_text([] { Options{.hf_prob = 1.5}.check(); });
}

TEST(Presets, OptionsCheckThemselves) {
  const std::string rule = ": hf_prob must be in [0, 1], got 1.5";
  EXPECT_EQ(check_text<SimCLRTransformOptions>(), "SimCLRTransform" + rule);
  EXPECT_EQ(check_text<MoCoV1TransformOptions>(), "MoCoV1Transform" + rule);
  EXPECT_EQ(check_text<MoCoV2TransformOptions>(), "MoCoV2Transform" + rule);
  EXPECT_EQ(check_text<FastSiamTransformOptions>(), "FastSiamTransform" + rule);
  EXPECT_EQ(check_text<VICRegTransformOptions>(), "VICRegTransform" + rule);
  EXPECT_EQ(check_text<SwaVTransformOptions>(), "SwaVTransform" + rule);
  EXPECT_EQ(check_text<DINOTransformOptions>(), "DINOTransform" + rule);
  EXPECT_EQ(check_text<BYOLView1TransformOptions>(), "BYOLView1TransformOptions" + rule);
  EXPECT_EQ(check_text<BYOLView2TransformOptions>(), "BYOLView2TransformOptions" + rule);
  EXPECT_EQ(error_text([] { BYOLTransformOptions{.view_2_transform = {.hf_prob = 1.5}}.check(); }),
            "BYOLTransform: view_2_transform" + rule);
  EXPECT_EQ(error_text([] { BYOLTransformOptions().check(); }), "no error");
}

TEST(SwaVTransform, ChecksEveryList) {
  EXPECT_EQ(error_text([] { SwaVTransform({.crop_counts = {2}}); }),
            "SwaVTransform: crop_counts must have one entry for each of the 2 crop_sizes, got 1");
  EXPECT_EQ(error_text([] { SwaVTransform({.crop_sizes = {224}}); }),
            "SwaVTransform: crop_counts must have one entry for each of the 1 crop_sizes, got 2");
  EXPECT_EQ(
      error_text([] { SwaVTransform({.crop_min_scales = {0.1, 0.2, 0.3}}); }),
      "SwaVTransform: crop_min_scales must have one entry for each of the 2 crop_sizes, got 3");
  EXPECT_EQ(
      error_text([] { SwaVTransform({.crop_max_scales = {1.0}}); }),
      "SwaVTransform: crop_max_scales must have one entry for each of the 2 crop_sizes, got 1");
  EXPECT_EQ(error_text([] { SwaVTransform({.crop_counts = {2, -1}}); }),
            "SwaVTransform: crop_counts must be >= 0, got -1");
  EXPECT_EQ(error_text([] { SwaVTransform({.crop_counts = {0, 0}}); }),
            "SwaVTransform: crop_counts must give at least one view, got none");
  EXPECT_EQ(error_text([] { SwaVTransform({.crop_sizes = {224, 0}}); }),
            "SwaVTransform: crop_sizes must be at least 1x1 px, got 0x0");
  EXPECT_EQ(error_text([] { SwaVTransform({.crop_min_scales = {0.14, 0.2}}); }),
            "SwaVTransform: crop_min_scales and crop_max_scales must be 0 <= low <= high <= 1 and "
            "high > 0, got {0.2, 0.14}");
  EXPECT_THAT(error_text([] { SwaVTransform({.crop_max_scales = {NAN, 0.14}}); }),
              HasSubstr("got {0.14, nan}"));
}

TEST(DINOTransform, ErrorsNameTheOption) {
  EXPECT_EQ(error_text([] { DINOTransform({.global_crop_scale = {0.9, 0.4}}); }),
            "DINOTransform: global_crop_scale must be 0 <= low <= high <= 1 and high > 0, got "
            "{0.9, 0.4}");
  EXPECT_THAT(error_text([] { DINOTransform({.local_crop_scale = {0.0, 0.0}}); }),
              HasSubstr("DINOTransform: local_crop_scale"));
  EXPECT_EQ(error_text([] { DINOTransform({.local_crop_size = {96, 0}}); }),
            "DINOTransform: local_crop_size must be at least 1x1 px, got 96x0");
  EXPECT_EQ(error_text([] { DINOTransform({.n_local_views = -1}); }),
            "DINOTransform: n_local_views must be >= 0, got -1");
  EXPECT_EQ(error_text([] { DINOTransform({.gaussian_blur = {1.0, 0.1, 1.5}}); }),
            "DINOTransform: view 2: gaussian_blur must be in [0, 1], got 1.5");
  EXPECT_EQ(error_text([] { DINOTransform({.solarization_prob = 1.5}); }),
            "DINOTransform: view 1: solarization_prob must be in [0, 1], got 1.5");
  EXPECT_EQ(error_text([] { DINOTransform({.hf_prob = 1.5}); }),
            "DINOTransform: hf_prob must be in [0, 1], got 1.5");
}

}  // namespace
}  // namespace lightly::transforms
