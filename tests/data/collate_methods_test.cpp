#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/data/collate.hpp"
#include "support/matchers.hpp"
#include "support/view_steps.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_view_steps;
using lightly::testing::tensors_close;
using lightly::testing::view_steps;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using transforms::Normalization;

constexpr Normalization kOther{.mean = {0.1, 0.2, 0.3}, .std = {0.4, 0.5, 0.6}};

Sample sample() {
  const at::Tensor values = (torch::arange(40 * 50 * 3) * 37) % 251;
  return {.image = values.to(torch::kByte).view({40, 50, 3}).permute({2, 0, 1}),
          .file_name = "image"};
}

void expect_golden(const BaseCollateFunction& collate, const std::string& name,
                   const std::string& variant) {
  EXPECT_EQ(view_steps(collate.options()),
            load_view_steps("data/collate_views_lightly_1.1.22.json", name, variant))
      << name << " " << variant;
}

// What tests/golden/data/make_collate_views.py changes in every collate function.
template <typename Options>
Options with_shared_changes(Options options) {
  options.cj_prob = 0.7;
  options.random_gray_scale = 0.15;
  options.gaussian_blur = 0.35;
  options.vf_prob = 0.11;
  options.hf_prob = 0.45;
  options.rr_prob = 0.22;
  return options;
}

// What it changes in those with one size of views.
template <typename Options>
Options with_sized_changes(Options options) {
  options = with_shared_changes(options);
  options.input_size = 96;
  options.min_scale = 0.3;
  options.kernel_size = 0.2;
  return options;
}

// By default, with every option changed, and without normalisation; lightly's blur of that time.
template <typename Collate, typename Options>
void expect_equals_lightly(const std::string& name, Options changed) {
  expect_golden(Collate(Options{.early_blur_radius = true}), name, "default");
  changed.early_blur_radius = true;
  expect_golden(Collate(changed), name, "changed");
}

TEST(ImageCollateFunction, EqualsLightly) {
  auto changed = with_sized_changes(ImageCollateFunctionOptions{
      .cj_bright = 0.5, .cj_contrast = 0.4, .cj_sat = 0.3, .cj_hue = 0.25});
  changed.normalize = kOther;
  expect_equals_lightly<ImageCollateFunction>("ImageCollateFunction", changed);
  expect_golden(ImageCollateFunction({.early_blur_radius = true, .normalize = std::nullopt}),
                "ImageCollateFunction", "without normalize");
}

TEST(SimCLRCollateFunction, EqualsLightly) {
  auto changed = with_sized_changes(SimCLRCollateFunctionOptions{.cj_strength = 0.6});
  changed.normalize = kOther;
  expect_equals_lightly<SimCLRCollateFunction>("SimCLRCollateFunction", changed);
  expect_golden(SimCLRCollateFunction({.early_blur_radius = true, .normalize = std::nullopt}),
                "SimCLRCollateFunction", "without normalize");
}

TEST(MoCoCollateFunction, EqualsLightly) {
  expect_equals_lightly<MoCoCollateFunction>(
      "MoCoCollateFunction", with_sized_changes(MoCoCollateFunctionOptions{.cj_strength = 0.3}));
}

TEST(SwaVCollateFunction, EqualsLightly) {
  auto changed = with_shared_changes(SwaVCollateFunctionOptions{.crop_sizes = {64, 48, 32},
                                                                .crop_counts = {1, 2, 0},
                                                                .crop_min_scales = {0.3, 0.2, 0.1},
                                                                .crop_max_scales = {0.9, 0.5, 0.4},
                                                                .cj_strength = 0.6,
                                                                .kernel_size = 3.0});
  changed.normalize = kOther;
  expect_equals_lightly<SwaVCollateFunction>("SwaVCollateFunction", changed);
}

TEST(MoCoCollateFunction, HonoursNormalizeAndSigmas) {
  const at::Tensor plain = MoCoCollateFunction({.normalize = std::nullopt})({sample()}).views.at(0);
  EXPECT_GE(plain.min().item<float>(), 0.0F);
  EXPECT_LE(plain.max().item<float>(), 1.0F);
  const Normalization half{.mean = {0.5, 0.5, 0.5}, .std = {0.25, 0.25, 0.25}};
  EXPECT_TRUE(tensors_close(MoCoCollateFunction({.normalize = half})({sample()}).views.at(0),
                            plain * 4 - 2, 1e-6));
  EXPECT_THAT(view_steps(MoCoCollateFunction({.sigmas = {0.5, 1.5}}).options()).at(1),
              ::testing::Contains("GaussianBlur(prob=0, sigmas=0.5..1.5)"));
}

TEST(SwaVCollateFunction, WorksWithoutNormalize) {
  const SwaVCollateFunction collate({.crop_sizes = {{20, 24}, 10}, .normalize = std::nullopt});
  const Batch batch = collate({sample(), sample()});
  ASSERT_EQ(batch.views.size(), 8U);
  for (std::size_t v = 0; v < 8; ++v) {
    EXPECT_EQ(batch.views[v].sizes(), v < 2 ? (std::vector<std::int64_t>{2, 3, 20, 24})
                                            : (std::vector<std::int64_t>{2, 3, 10, 10}));
    EXPECT_GE(batch.views[v].min().item<float>(), 0.0F);
    EXPECT_LE(batch.views[v].max().item<float>(), 1.0F);
  }
  EXPECT_THAT(view_steps(SwaVCollateFunction({.sigmas = {0.5, 1.5}}).options()).at(7),
              ::testing::Contains("GaussianBlur(prob=0, sigmas=0.5..1.5)"));
}

TEST(MultiCropCollateFunction, TakesAnyTransform) {
  const auto white = [](const at::Tensor& crop, core::Random&) { return at::full_like(crop, 255); };
  const MultiCropCollateFunction collate({.crop_sizes = {12, 6},
                                          .crop_counts = {2, 1},
                                          .crop_min_scales = {0.5, 0.1},
                                          .crop_max_scales = {1.0, 0.5},
                                          .transforms = white,
                                          .normalize = std::nullopt});
  const Batch batch = collate({sample()});
  ASSERT_EQ(batch.views.size(), 3U);
  EXPECT_EQ(batch.views[1].sizes(), (std::vector<std::int64_t>{1, 3, 12, 12}));
  EXPECT_EQ(batch.views[2].sizes(), (std::vector<std::int64_t>{1, 3, 6, 6}));
  EXPECT_EQ(batch.views[2].min().item<float>(), 1.0F);
}

TEST(Collate, PassOrderReachesEveryView) {
  constexpr auto kEarly = transforms::functional::PillowPassOrder::kUpTo12;
  const std::vector<BaseCollateFunction> collates{
      ImageCollateFunction({.pass_order = kEarly}), SimCLRCollateFunction({.pass_order = kEarly}),
      MoCoCollateFunction({.pass_order = kEarly}), SwaVCollateFunction({.pass_order = kEarly})};
  for (const BaseCollateFunction& collate : collates) {
    for (const transforms::ImageTransform& view : collate.options().transforms) {
      EXPECT_EQ(view.target<transforms::ImageView>()->options().pass_order, kEarly);
    }
  }
}

TEST(MoCoCollateFunction, RejectsIllegalOptions) {
  EXPECT_EQ(error_text([] { MoCoCollateFunction({.cj_strength = 0.6}); }),
            "MoCoCollateFunction: cj_strength must be in [0, 0.5], got 0.6");
  EXPECT_EQ(error_text([] { MoCoCollateFunction({.cj_strength = NAN}); }),
            "MoCoCollateFunction: cj_strength must be in [0, 0.5], got nan");
  EXPECT_EQ(error_text([] { MoCoCollateFunction({.rr_prob = -0.1}); }),
            "MoCoCollateFunction: rr_prob must be in [0, 1], got -0.1");
  EXPECT_THAT(
      error_text([] { MoCoCollateFunction({.normalize = Normalization{.std = {1, 0, 1}}}); }),
      HasSubstr("std must be > 0"));
}

TEST(CollateFunctions, OptionsCheckThemselves) {
  EXPECT_EQ(error_text([] { MoCoCollateFunctionOptions{.hf_prob = 1.5}.check(); }),
            "MoCoCollateFunction: hf_prob must be in [0, 1], got 1.5");
  EXPECT_EQ(error_text([] { SwaVCollateFunctionOptions{.hf_prob = 1.5}.check(); }),
            "SwaVCollateFunction: hf_prob must be in [0, 1], got 1.5");
  EXPECT_THAT(error_text([] {
                PlainCollateFunctionOptions{.normalize = Normalization{.std = {1, 0, 1}}}.check();
              }),
              HasSubstr("Normalization: std must be > 0"));
}

TEST(SwaVCollateFunction, RejectsIllegalOptions) {
  EXPECT_EQ(
      error_text([] { SwaVCollateFunction({.crop_max_scales = {1.0}}); }),
      "SwaVCollateFunction: crop_max_scales must have one entry for each of the 2 crop_sizes, "
      "got 1");
  EXPECT_EQ(error_text([] { SwaVCollateFunction({.crop_min_scales = {0.14, 0.2}}); }),
            "SwaVCollateFunction: crop_min_scales and crop_max_scales must be 0 <= low <= high <= "
            "1 and high > 0, got {0.2, 0.14}");
  EXPECT_EQ(error_text([] { SwaVCollateFunction({.cj_strength = 2.5}); }),
            "SwaVCollateFunction: cj_strength must be in [0, 2], got 2.5");
  EXPECT_EQ(error_text([] { SwaVCollateFunction({.kernel_size = 97.0}); }),
            "SwaVCollateFunction: kernel_size must be in (0, 96] px, got 97");
  EXPECT_EQ(error_text([] { SwaVCollateFunction({.hf_prob = NAN}); }),
            "SwaVCollateFunction: hf_prob must be in [0, 1], got nan");
}

TEST(MultiCropCollateFunction, ChecksTheLengthOfMaxScales) {
  EXPECT_EQ(
      error_text([] {
        MultiCropCollateFunction(
            {.crop_sizes = {12, 6},
             .crop_counts = {1, 1},
             .crop_min_scales = {0.1, 0.1},
             .crop_max_scales = {1.0},
             .transforms = [](const at::Tensor& crop, core::Random&) { return crop; }});
      }),
      "MultiCropCollateFunction: crop_max_scales must have one entry for each of the 2 crop_sizes, "
      "got 1");
}

}  // namespace
}  // namespace lightly::data
