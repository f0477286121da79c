#include "lightly/transforms/multi_view_transform.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "lightly/transforms/functional.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

TEST(MultiViewTransform, ByDefaultNormalisesAsImageNet) {
  EXPECT_EQ(MultiViewTransform().normalize, imagenet_normalize);
}

TEST(MultiViewTransform, DrawsEachViewFromTheKeyWithItsNumber) {
  const auto first_draw = [](const at::Tensor&, core::Random& random) {
    return at::full({3, 1, 1}, random.uniform());
  };
  const MultiViewTransform views{.transforms = {first_draw, first_draw}};
  const core::RandomKey key{.seed = 5, .epoch = 9, .index = 7, .view = 100};
  const std::vector<at::Tensor> made = views(formula_image(0, {4, 5}), key);
  ASSERT_EQ(made.size(), 2U);
  for (std::size_t v = 0; v < 2; ++v) {
    core::Random random({.seed = 5, .epoch = 9, .index = 7, .view = v});
    EXPECT_EQ(made[v][0][0][0].item<float>(), random.uniform()) << v;
  }
}

TEST(MultiViewTransform, NormalisesBytesByItsOwnStatisticsOnly) {
  const auto keep = [](const at::Tensor& image, core::Random&) { return image; };
  const auto halve = [](const at::Tensor& image, core::Random&) {
    return image.to(at::kFloat).div(2.0);
  };
  const at::Tensor image = formula_image(0, {4, 5});
  const MultiViewTransform views{.transforms = {keep, halve}};
  EXPECT_TRUE(tensors_equal(views(image, {})[0],
                            functional::to_float_normalize(image, imagenet_normalize)));
  EXPECT_TRUE(tensors_equal(views(image, {})[1], image.to(at::kFloat).div(2.0)));
  const MultiViewTransform raw{.transforms = {keep}, .normalize = std::nullopt};
  EXPECT_TRUE(tensors_equal(raw(image, {})[0], image.to(at::kFloat).div(255.0)));
}

TEST(MultiViewTransform, RejectsWhatIsNoImageAndNoView) {
  const auto text = [](const ImageTransform& transform, const at::Tensor& image) {
    const MultiViewTransform views{.transforms = {transform}};
    return error_text([&] { views(image, {}); });
  };
  const auto keep = [](const at::Tensor& image, core::Random&) { return image; };
  EXPECT_THAT(text(keep, at::zeros({3, 4, 5})), HasSubstr("MultiViewTransform: image must be"));
  const auto one_channel = [](const at::Tensor& image, core::Random&) { return image[0]; };
  EXPECT_EQ(text(one_channel, formula_image(0, {4, 5})),
            "MultiViewTransform: the transform of view 0 must return uint8 or float32 [3, h, w] on "
            "the CPU, got Byte [4, 5] on cpu");
  EXPECT_THAT(error_text([] { MultiViewTransform()(formula_image(0, {4, 5}), {}); }),
              HasSubstr("transforms must hold at least one"));
}

TEST(MultiViewTransform, RejectsWhatMakesNoViews) {
  const auto keep = [](const at::Tensor& image, core::Random&) { return image; };
  EXPECT_EQ(error_text([] { MultiViewTransform().check(); }),
            "MultiViewTransform: transforms must hold at least one, got none");
  EXPECT_EQ(error_text([&] { MultiViewTransform{.transforms = {keep, nullptr}}.check(); }),
            "MultiViewTransform: every transform must be callable, got an empty one");
  EXPECT_THAT(error_text([&] {
                MultiViewTransform{.transforms = {keep},
                                   .normalize = Normalization{.mean = {}, .std = {1, 0, 1}}}
                    .check();
              }),
              HasSubstr("std must be > 0"));
}

}  // namespace
}  // namespace lightly::transforms
