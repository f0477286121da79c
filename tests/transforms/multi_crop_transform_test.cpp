#include "lightly/transforms/multi_crop_transform.hpp"

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/random_resized_crop.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;

at::Tensor keep(const at::Tensor& image, core::Random&) {
  return image;
}

// Two kinds of crops, kept as they are.
MultiCropTransformOptions two_kinds() {
  return {.crop_sizes = {{10, 12}, 6},
          .crop_counts = {1, 2},
          .crop_min_scales = {0.5, 0.1},
          .crop_max_scales = {1.0, 0.3},
          .transforms = keep};
}

TEST(MultiCropTransform, MakesTheViewsOfEachKindInTurn) {
  const MultiCropTransform crops(two_kinds());
  const at::Tensor image = formula_image(0, {40, 50});
  ASSERT_EQ(crops.transforms.size(), 3U);
  const RandomResizedCrop large({.size = {10, 12}, .scale = {0.5, 1.0}});
  const RandomResizedCrop small({.size = 6, .scale = {0.1, 0.3}});
  for (std::size_t v = 0; v < 3; ++v) {
    core::Random random({.seed = 1, .view = v});
    core::Random same({.seed = 1, .view = v});
    const RandomResizedCrop& expected = v == 0 ? large : small;
    EXPECT_TRUE(tensors_equal(crops.transforms[v](image, random), expected(image, same))) << v;
  }
}

TEST(MultiCropTransform, ResizesAsThePillowAskedFor) {
  MultiCropTransformOptions options = two_kinds();
  options.crop_sizes[0] = {6, 60};
  options.pass_order = functional::PillowPassOrder::kUpTo12;
  const at::Tensor image = formula_image(0, {40, 50});
  const auto crop = [&](functional::PillowPassOrder pass_order) {
    core::Random random(3);
    const RandomResizedCrop cropping(
        {.size = {6, 60}, .scale = {0.5, 1.0}, .pass_order = pass_order});
    return cropping(image, random);
  };
  core::Random random(3);
  const at::Tensor made = MultiCropTransform(options).transforms[0](image, random);
  EXPECT_TRUE(tensors_equal(made, crop(functional::PillowPassOrder::kUpTo12)));
  EXPECT_FALSE(tensors_equal(made, crop(functional::PillowPassOrder::kCurrent)));
}

TEST(MultiCropTransform, GivesEveryCropToTheTransform) {
  MultiCropTransformOptions options = two_kinds();
  options.transforms = [](const at::Tensor& crop, core::Random&) { return crop.slice(1, 0, 1); };
  core::Random random(2);
  const MultiCropTransform crops(options);
  EXPECT_EQ(crops.transforms[0](formula_image(0, {40, 50}), random).sizes(),
            (std::vector<std::int64_t>{3, 1, 12}));
  EXPECT_EQ(crops.transforms[2](formula_image(0, {40, 50}), random).sizes(),
            (std::vector<std::int64_t>{3, 1, 6}));
}

TEST(MultiCropTransform, ChecksEveryList) {
  const auto text = [](const auto& change) {
    MultiCropTransformOptions options = two_kinds();
    change(options);
    return error_text([&] { MultiCropTransform crops(options); });
  };
  EXPECT_EQ(text([](auto& options) { options.crop_counts = {1}; }),
            "MultiCropTransform: crop_counts must have one entry for each of the 2 crop_sizes, "
            "got 1");
  EXPECT_EQ(text([](auto& options) { options.crop_min_scales = {}; }),
            "MultiCropTransform: crop_min_scales must have one entry for each of the 2 crop_sizes, "
            "got 0");
  EXPECT_EQ(text([](auto& options) { options.crop_max_scales = {1.0, 1.0, 1.0}; }),
            "MultiCropTransform: crop_max_scales must have one entry for each of the 2 crop_sizes, "
            "got 3");
  EXPECT_EQ(text([](auto& options) { options.crop_counts = {1, -2}; }),
            "MultiCropTransform: crop_counts must be >= 0, got -2");
  EXPECT_EQ(text([](auto& options) { options.crop_min_scales = {0.5, 0.4}; }),
            "MultiCropTransform: crop_min_scales and crop_max_scales must be 0 <= low <= high <= 1 "
            "and high > 0, got {0.4, 0.3}");
  EXPECT_EQ(text([](auto& options) { options.crop_sizes = {6, {0, 1}}; }),
            "MultiCropTransform: crop_sizes must be at least 1x1 px, got 0x1");
  EXPECT_EQ(text([](auto& options) { options.transforms = nullptr; }),
            "MultiCropTransform: every transform must be callable, got an empty one");
  EXPECT_EQ(error_text([] { MultiCropTransform({.transforms = keep}); }),
            "MultiCropTransform: crop_counts must give at least one view, got none");
  EXPECT_EQ(error_text([] { MultiCropTransformOptions{.transforms = keep}.check(); }),
            "MultiCropTransform: crop_counts must give at least one view, got none");
}

}  // namespace
}  // namespace lightly::transforms
