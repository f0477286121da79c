#include "lightly/data/collate.hpp"

#include <algorithm>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/transforms/batch.hpp"
#include "lightly/transforms/byol_transform.hpp"
#include "lightly/transforms/dino_transform.hpp"
#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/simclr_transform.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using core::Random;
using core::RandomKey;
using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using transforms::ImageTransform;
using transforms::Normalization;

at::Tensor image(std::int64_t height, std::int64_t width, int seed = 0) {
  const at::Tensor values = (torch::arange(height * width * 3) * 37 + seed * 11) % 251;
  return values.to(torch::kByte).view({height, width, 3}).permute({2, 0, 1});
}

Sample sample(std::int64_t index, std::int64_t height = 20, std::int64_t width = 24) {
  return {.image = image(height, width, static_cast<int>(index)),
          .target = 100 + index,
          .file_name = "image " + std::to_string(index),
          .index = index};
}

at::Tensor keep(const at::Tensor& x, Random&) {
  return x;
}

// A float view whose pixels are all the first draw of its stream.
at::Tensor first_draw(const at::Tensor&, Random& random) {
  return torch::full({3, 2, 2}, random.uniform());
}

TEST(BaseCollateFunction, NormalisesEveryChannelByItsMeanAndStd) {
  const BaseCollateFunction collate(
      {.transforms = {keep},
       .normalize = Normalization{.mean = {0.0, 0.5, 1.0}, .std = {1.0, 0.5, 0.25}}});
  Sample white = sample(0, 4, 5);
  white.image = torch::full({3, 4, 5}, 255, torch::kByte);
  const Batch batch = collate({white});
  const at::Tensor expected = torch::tensor({1.0F, 1.0F, 0.0F}).view({1, 3, 1, 1});
  EXPECT_TRUE(tensors_equal(batch.views.at(0), expected.expand({1, 3, 4, 5})));
}

TEST(BaseCollateFunction, KeepsTargetsFileNamesAndIndicesInOrder) {
  const Batch batch = BaseCollateFunction({.transforms = {keep, keep}})({sample(7), sample(3)});
  EXPECT_TRUE(tensors_equal(batch.targets, torch::tensor({int64_t{107}, int64_t{103}})));
  EXPECT_THAT(batch.file_names, ElementsAre("image 7", "image 3"));
  EXPECT_THAT(batch.indices, ElementsAre(7, 3));
  ASSERT_EQ(batch.views.size(), 2U);
  for (const at::Tensor& view : batch.views) {
    EXPECT_EQ(view.scalar_type(), at::kFloat);
    EXPECT_EQ(view.sizes(), (std::vector<std::int64_t>{2, 3, 20, 24}));
    EXPECT_TRUE(view.is_contiguous(at::MemoryFormat::ChannelsLast));
  }
}

TEST(BaseCollateFunction, AnErrorOfANamelessSampleSaysItsPosition) {
  const BaseCollateFunction collate({.transforms = {transforms::ImageView({.input_size = 8})}});
  const Sample good = sample(0);
  EXPECT_THAT(error_text([&] { collate({good, {.image = at::zeros({2, 3}, at::kByte)}}); }),
              StartsWith("BaseCollateFunction: sample at position 1: "));
}

TEST(BaseCollateFunction, EveryViewHasTheStreamOfItsSeedEpochIndexAndView) {
  const BaseCollateFunction collate({.transforms = {first_draw, first_draw}});
  const Batch batch = collate({sample(7), sample(3)}, {.seed = 5, .epoch = 9});
  for (std::size_t v = 0; v < 2; ++v) {
    for (std::int64_t p = 0; p < 2; ++p) {
      Random random({.seed = 5, .epoch = 9, .index = p == 0 ? 7U : 3U, .view = v});
      EXPECT_EQ(batch.views[v][p][2][1][1].item<float>(), random.uniform()) << v << " " << p;
    }
  }
}

TEST(BaseCollateFunction, TakesFloatViewsAsTheyAreWhateverTheirStrides) {
  const at::Tensor values = torch::rand({3, 4, 5}) * 10;
  const auto planar = [=](const at::Tensor&, Random&) { return values; };
  const auto transposed = [=](const at::Tensor&, Random&) { return values.transpose(1, 2); };
  const Batch batch = BaseCollateFunction({.transforms = {planar, transposed}})({sample(0)});
  EXPECT_TRUE(tensors_equal(batch.views[0][0], values));
  EXPECT_TRUE(tensors_equal(batch.views[1][0], values.transpose(1, 2)));
}

TEST(BaseCollateFunction, WithoutNormalizeScalesToOne) {
  const BaseCollateFunction collate({.transforms = {keep}, .normalize = std::nullopt});
  const Batch batch = collate({sample(1)});
  EXPECT_TRUE(tensors_equal(batch.views[0][0], sample(1).image.to(torch::kFloat) / 255));
}

TEST(BaseCollateFunction, NormalisesByItsOwnStatisticsWhateverAnImageViewSays) {
  const Normalization cifar{.mean = {0.4914, 0.4822, 0.4465}, .std = {0.247, 0.2435, 0.2616}};
  const transforms::ImageView view({.input_size = 16, .normalize = cifar});
  const RandomKey key{.seed = 3};
  Random random({.seed = 3, .index = 1});
  const at::Tensor bytes = view(sample(1).image, random);
  const Batch by_default = BaseCollateFunction({.transforms = {view}})({sample(1)}, key);
  EXPECT_TRUE(tensors_equal(by_default.views[0][0], transforms::functional::to_float_normalize(
                                                        bytes, transforms::imagenet_normalize)));
  const Batch asked =
      BaseCollateFunction({.transforms = {view}, .normalize = cifar})({sample(1)}, key);
  EXPECT_TRUE(
      tensors_equal(asked.views[0][0], transforms::functional::to_float_normalize(bytes, cifar)));
}

TEST(BaseCollateFunction, GivesTheViewsOfItsTransformForTheSameKey) {
  const auto expect_same = [](const transforms::MultiViewTransform& transform) {
    const RandomKey key{.seed = 4, .epoch = 2};
    const Batch batch = BaseCollateFunction(transform)({sample(0, 40, 50), sample(7, 40, 50)}, key);
    const std::vector<at::Tensor> views =
        transform(sample(7, 40, 50).image, {.seed = 4, .epoch = 2, .index = 7});
    ASSERT_EQ(views.size(), batch.views.size());
    for (std::size_t v = 0; v < views.size(); ++v) {
      EXPECT_TRUE(tensors_equal(views[v], batch.views[v][1])) << v;
    }
  };
  expect_same(transforms::SimCLRTransform({.input_size = 32}));
  expect_same(transforms::DINOTransform({.global_crop_size = 32, .local_crop_size = {12, 16}}));
  expect_same({.transforms = {keep, first_draw}, .normalize = std::nullopt});
}

TEST(BaseCollateFunction, WriteViewGivesTheViewOfTheBatch) {
  const ImageCollateFunction collate({.input_size = 16});
  const Batch batch = collate({sample(0), sample(1), sample(2)}, {.seed = 4, .epoch = 2});
  const at::Tensor slot = torch::zeros({3, 16, 16});
  collate.write_view(sample(2), 1, {.seed = 4, .epoch = 2}, slot);
  EXPECT_TRUE(tensors_equal(slot, batch.views[1][2]));
  EXPECT_THAT(error_text([&] { collate.write_view(sample(0), 2, {}, slot); }),
              HasSubstr("BaseCollateFunction: view must be in [0, 2), got 2"));
  EXPECT_THAT(error_text([&] { collate.write_view(sample(0), 0, {}, torch::zeros({3, 8, 8})); }),
              HasSubstr("BaseCollateFunction: slot must be a float32 tensor [3, 16, 16]"));
}

TEST(BaseCollateFunction, DifferentViewsMayHaveDifferentSizes) {
  const auto half = [](const at::Tensor& x, Random&) { return x.slice(1, 0, 10); };
  const Batch batch = BaseCollateFunction({.transforms = {keep, half}})({sample(0), sample(1)});
  EXPECT_EQ(batch.views[0].size(2), 20);
  EXPECT_EQ(batch.views[1].size(2), 10);
}

TEST(BaseCollateFunction, NamesTheSampleWhoseViewHasAnotherSize) {
  const BaseCollateFunction collate({.transforms = {keep}});
  EXPECT_EQ(
      error_text([&] { collate({sample(4), sample(5), sample(6, 20, 23)}); }),
      "BaseCollateFunction: image 6: view 0 must have the size of the batch's first, 20x24 of "
      "image 4, got 20x23");
}

TEST(BaseCollateFunction, NamesTheSampleWhoseTransformFails) {
  const auto fails = [](const at::Tensor& x, Random&) -> at::Tensor {
    if (x.size(1) == 9) {
      throw std::runtime_error("nine rows");
    }
    return x;
  };
  EXPECT_EQ(error_text([&] {
              BaseCollateFunction({.transforms = {fails}})({sample(0), sample(1, 9, 9)});
            }),
            "BaseCollateFunction: image 1: nine rows");
}

TEST(BaseCollateFunction, RejectsWhatIsNoView) {
  const auto error = [](const ImageTransform& transform) {
    return error_text([&] { BaseCollateFunction({.transforms = {keep, transform}})({sample(8)}); });
  };
  EXPECT_EQ(error([](const at::Tensor&, Random&) { return at::Tensor(); }),
            "BaseCollateFunction: image 8: the transform of view 1 must return "
            "uint8 or float32 [3, h, w] on the CPU, got no tensor");
  EXPECT_THAT(error([](const at::Tensor& x, Random&) { return x.to(torch::kDouble); }),
              HasSubstr("got Double [3, 20, 24] on cpu"));
  EXPECT_THAT(error([](const at::Tensor& x, Random&) { return x[0]; }),
              HasSubstr("got Byte [20, 24] on cpu"));
  EXPECT_THAT(error([](const at::Tensor& x, Random&) { return x.slice(2, 0, 0); }),
              HasSubstr("got Byte [3, 20, 0] on cpu"));
}

TEST(BaseCollateFunction, RejectsIllegalOptions) {
  EXPECT_EQ(error_text([] { BaseCollateFunction({.transforms = {keep, nullptr}}); }),
            "MultiViewTransform: every transform must be callable, got an empty one");
  EXPECT_EQ(error_text([] { BaseCollateFunction({.transforms = {keep}})({}); }),
            "BaseCollateFunction: samples must not be empty");
}

TEST(ImageCollateFunction, MatchesPythonReference) {
  const core::Safetensors golden = load_golden("data/collate_lightly_1.1.0.safetensors");
  std::vector<Sample> samples;
  for (std::int64_t i = 0; i < 3; ++i) {
    samples.push_back({.image = golden.at("images")[i].permute({2, 0, 1}),
                       .target = 10 + i,
                       .file_name = "image " + std::to_string(i),
                       .index = i});
  }
  ImageCollateFunctionOptions options{.input_size = 16,
                                      .cj_prob = 0.0,
                                      .min_scale = 1.0,
                                      .random_gray_scale = 0.0,
                                      .gaussian_blur = 0.0,
                                      .hf_prob = 0.0};
  const Batch normalised = ImageCollateFunction(options)(samples);
  EXPECT_TRUE(tensors_equal(normalised.views[0], golden.at("default.view")));
  EXPECT_TRUE(tensors_equal(normalised.views[1], golden.at("default.view")));
  EXPECT_TRUE(tensors_equal(normalised.targets, golden.at("labels")));
  options.normalize = std::nullopt;
  EXPECT_TRUE(
      tensors_equal(ImageCollateFunction(options)(samples).views[0], golden.at("none.view")));
}

// The two views of `options`, each drawn from its own stream.
void expect_views(const Batch& batch, const transforms::ImageViewOptions& options,
                  const RandomKey& key, const Sample& from) {
  ASSERT_EQ(batch.views.size(), 2U);
  for (std::size_t v = 0; v < 2; ++v) {
    Random random({.seed = key.seed,
                   .epoch = key.epoch,
                   .index = static_cast<std::uint64_t>(from.index),
                   .view = v});
    const at::Tensor view = transforms::ImageView(options)(from.image, random);
    EXPECT_TRUE(tensors_equal(batch.views[v][0], transforms::functional::to_float_normalize(
                                                     view, transforms::imagenet_normalize)))
        << v;
  }
  EXPECT_FALSE(batch.views[0].equal(batch.views[1]));
}

TEST(ImageCollateFunction, ByDefaultMakesTwoImageViewsOf64Pixels) {
  const Sample from = sample(2, 48, 64);
  const RandomKey key{.seed = 1, .epoch = 2};
  expect_views(ImageCollateFunction()({from}, key), {}, key, from);
}

TEST(ImageCollateFunction, EveryOptionReachesItsView) {
  const Sample from = sample(2, 48, 64);
  const RandomKey key{.seed = 1, .epoch = 3};
  const ImageCollateFunctionOptions options{.input_size = {20, 30},
                                            .cj_prob = 1.0,
                                            .cj_bright = 0.1,
                                            .cj_contrast = 0.2,
                                            .cj_sat = 0.3,
                                            .cj_hue = 0.4,
                                            .min_scale = 0.5,
                                            .random_gray_scale = 0.9,
                                            .gaussian_blur = 1.0,
                                            .kernel_size = 0.3,
                                            .vf_prob = 0.6,
                                            .hf_prob = 0.7,
                                            .rr_prob = 0.8,
                                            .sigmas = {1.0, 3.0},
                                            .early_blur_radius = true};
  expect_views(ImageCollateFunction(options)({from}, key), options, key, from);
}

TEST(ImageCollateFunction, HonoursNormalize) {
  const Sample from = sample(2, 48, 64);
  const auto first = [&](const auto& collate) { return collate({from}).views.at(0); };
  const at::Tensor plain = first(ImageCollateFunction({.normalize = std::nullopt}));
  EXPECT_GE(plain.min().item<float>(), 0.0F);
  EXPECT_LE(plain.max().item<float>(), 1.0F);
  const transforms::Normalization half{.mean = {0.5, 0.5, 0.5}, .std = {0.25, 0.25, 0.25}};
  EXPECT_TRUE(tensors_close(first(ImageCollateFunction({.normalize = half})), plain * 4 - 2, 1e-6));
  EXPECT_TRUE(tensors_close(first(SimCLRCollateFunction({.normalize = half})),
                            first(SimCLRCollateFunction({.normalize = std::nullopt})) * 4 - 2,
                            1e-6));
}

TEST(SimCLRCollateFunction, ByDefaultMakesTwoSimCLRViewsOf224Pixels) {
  const Sample from = sample(2, 100, 120);
  const RandomKey key{.seed = 4, .epoch = 0};
  const Batch batch = SimCLRCollateFunction()({from}, key);
  EXPECT_EQ(batch.views.at(0).size(2), 224);
  expect_views(batch, transforms::simclr_view({}), key, from);
}

TEST(SimCLRCollateFunction, EveryOptionReachesItsView) {
  const Sample from = sample(2, 48, 64);
  const RandomKey key{.seed = 5};
  const SimCLRCollateFunctionOptions options{.input_size = 32,
                                             .cj_prob = 0.9,
                                             .cj_strength = 0.3,
                                             .min_scale = 0.4,
                                             .random_gray_scale = 0.1,
                                             .gaussian_blur = 0.8,
                                             .kernel_size = 0.2,
                                             .vf_prob = 0.6,
                                             .hf_prob = 0.7,
                                             .rr_prob = 0.3,
                                             .sigmas = {0.5, 3.0},
                                             .early_blur_radius = false};
  expect_views(SimCLRCollateFunction(options)({from}, key), transforms::simclr_view(options), key,
               from);
}

TEST(SimCLRCollateFunction, RejectsIllegalOptions) {
  EXPECT_EQ(error_text([] { SimCLRCollateFunction({.cj_strength = -1.0}); }),
            "SimCLRCollateFunction: cj_strength must be in [0, 2.5], got -1");
  EXPECT_EQ(error_text([] { SimCLRCollateFunction({.hf_prob = 1.5}); }),
            "SimCLRCollateFunction: hf_prob must be in [0, 1], got 1.5");
  EXPECT_EQ(error_text([] { ImageCollateFunction({.input_size = 0}); }),
            "ImageCollateFunction: input_size must be at least 1x1 px, got 0x0");
  EXPECT_THAT(error_text([] {
                ImageCollateFunction({.normalize = transforms::Normalization{.std = {1, 0, 1}}});
              }),
              HasSubstr("std must be > 0"));
}

TEST(PlainCollateFunction, GivesTheImageWithoutRandomness) {
  const PlainCollateFunction collate({.normalize = std::nullopt});
  const Batch batch = collate({sample(0), sample(1)}, {.seed = 1});
  ASSERT_EQ(batch.views.size(), 1U);
  EXPECT_TRUE(tensors_equal(batch.views[0][1], sample(1).image.to(torch::kFloat) / 255));
  const Batch normalised = PlainCollateFunction()({sample(0)});
  EXPECT_TRUE(tensors_close(normalised.views[0][0][2],
                            (sample(0).image[2].to(torch::kFloat) / 255 - 0.406) / 0.225, 1e-6));
}

// A shuffled batch, as images and as the collate function of plain images gives it.
const std::vector<Sample>& shuffled_samples() {
  static const std::vector<Sample> samples{sample(7), sample(3), sample(123'456'789), sample(0)};
  return samples;
}

Batch plain_batch() {
  return PlainCollateFunction({.normalize = std::nullopt})(shuffled_samples());
}

TEST(PlainCollateFunction, BatchViewTakesItsBatchAsItTakesImagesStackedByHand) {
  const transforms::ImageViewOptions options{
      .input_size = {16, 18}, .vf_prob = 0.5, .rr_prob = 0.5, .solarization_prob = 0.5};
  const transforms::BatchView view(options);
  const RandomKey key{.seed = 5, .epoch = 2, .view = 1};
  const Batch plain = plain_batch();
  const at::Tensor views = view(plain.views.at(0), plain.indices, key);
  EXPECT_EQ(views.sizes(), (std::vector<std::int64_t>{4, 3, 16, 18}));
  EXPECT_EQ(views.scalar_type(), at::kFloat);
  EXPECT_TRUE(views.is_contiguous(at::MemoryFormat::ChannelsLast));

  std::vector<at::Tensor> images;
  for (const Sample& from : shuffled_samples()) {
    images.push_back(from.image);
  }
  const at::Tensor bytes = torch::stack(images);
  const std::vector<std::int64_t> indices{7, 3, 123'456'789, 0};
  EXPECT_TRUE(tensors_equal(view(bytes.to(torch::kFloat) / 255, indices, key), views));
  // From bytes the levels are not divided and multiplied by 255.
  EXPECT_LT((view(bytes, indices, key) - views).abs().mean().item<double>(), 1e-3);
  EXPECT_TRUE(tensors_equal(view(plain_batch().views.at(0), plain.indices, key), views));
}

// The mean difference, in levels of 255, of what BatchView makes of a plain batch and of the views
// that a collate function makes of the same samples; none is normalised.
double mean_difference(const std::vector<transforms::ImageViewOptions>& views, const Batch& exact,
                       const RandomKey& key) {
  const Batch plain = plain_batch();
  double largest = 0.0;
  for (std::size_t v = 0; v < views.size(); ++v) {
    const at::Tensor batched = transforms::BatchView(views[v])(
        plain.views.at(0), plain.indices, {.seed = key.seed, .epoch = key.epoch, .view = v});
    const at::Tensor error = (batched - exact.views.at(v)).abs() * 255;
    largest = std::max(largest, error.mean().item<double>());
  }
  return largest;
}

// Other choices would differ by some fifty.
constexpr double kNear = 0.5;

TEST(ImageCollateFunction, BatchViewOfAPlainBatchMakesTheSameChoices) {
  const ImageCollateFunctionOptions options{
      .input_size = {16, 18}, .vf_prob = 0.5, .rr_prob = 0.5, .normalize = std::nullopt};
  const RandomKey key{.seed = 5, .epoch = 2};
  const Batch exact = ImageCollateFunction(options)(shuffled_samples(), key);
  EXPECT_LT(mean_difference({options, options}, exact, key), kNear);
  EXPECT_GT(mean_difference({options, options}, exact, {.seed = 5, .epoch = 3}), 10.0);
}

TEST(BaseCollateFunction, BatchViewMakesTheViewsOfAPresetFromItsOptions) {
  const transforms::BYOLTransform preset(
      {.view_1_transform = {.input_size = 16},
       .view_2_transform = {.input_size = {12, 20}, .solarization_prob = 0.5},
       .normalize = std::nullopt});
  std::vector<transforms::ImageViewOptions> views;
  for (const ImageTransform& transform : preset.transforms) {
    const auto* view = transform.target<transforms::ImageView>();
    ASSERT_NE(view, nullptr);
    views.push_back(view->options());
  }
  const RandomKey key{.seed = 6, .epoch = 1};
  const Batch exact = BaseCollateFunction(preset)(shuffled_samples(), key);
  EXPECT_LT(mean_difference(views, exact, key), kNear);
}

}  // namespace
}  // namespace lightly::data
