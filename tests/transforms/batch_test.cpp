#include "lightly/transforms/batch.hpp"

#include <ATen/Context.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include "lightly/core/autocast.hpp"
#include "lightly/transforms/dino_transform.hpp"
#include "lightly/transforms/functional.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

// uint8 [count, 3, H, W].
at::Tensor formula_images(std::int64_t count, const Size& size) {
  std::vector<at::Tensor> images;
  for (std::int64_t i = 0; i < count; ++i) {
    images.push_back(formula_image(static_cast<std::uint32_t>(i), size));
  }
  return at::stack(images);
}

std::vector<std::int64_t> first_indices(std::int64_t count) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

// Everything happens to about every other sample.
ImageViewOptions busy(const Size& size) {
  return {.input_size = size,
          .cj_prob = 0.6,
          .random_gray_scale = 0.3,
          .gaussian_blur = 0.5,
          .vf_prob = 0.5,
          .rr_prob = 0.4,
          .solarization_prob = 0.3};
}

ImageViewOptions nothing(const Size& size) {
  return {.input_size = size,
          .cj_prob = 0.0,
          .min_scale = 1.0,
          .random_gray_scale = 0.0,
          .gaussian_blur = 0.0,
          .hf_prob = 0.0,
          .normalize = std::nullopt};
}

TEST(BatchView, GivesTheAskedSizeInChannelsLastMemory) {
  const at::Tensor images = formula_images(5, {30, 41});
  const at::Tensor views = BatchView(busy({24, 17}))(images, first_indices(5), {.seed = 1});
  EXPECT_EQ(views.sizes(), (std::vector<std::int64_t>{5, 3, 24, 17}));
  EXPECT_EQ(views.scalar_type(), at::kFloat);
  EXPECT_TRUE(views.is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST(BatchView, WithEverythingOffGivesTheImages) {
  const at::Tensor images = formula_images(4, {20, 20});
  const at::Tensor views = BatchView(nothing(20))(images, first_indices(4), {.seed = 1});
  EXPECT_TRUE(tensors_equal(views, images.to(at::kFloat).div(255.0)));
}

TEST(BatchView, NormalizesAsTheCollateFunctionsDo) {
  ImageViewOptions options = nothing(20);
  options.normalize = imagenet_normalize;
  const at::Tensor images = formula_images(4, {20, 20});
  const at::Tensor views = BatchView(options)(images, first_indices(4), {.seed = 1});
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(
        tensors_equal(views[i], functional::to_float_normalize(images[i], imagenet_normalize)));
  }
}

TEST(BatchView, HalfPrecisionIsTheSameRoundedOnce) {
  const at::Tensor images = formula_images(6, {30, 30});
  const std::vector<std::int64_t> indices = first_indices(6);
  const at::Tensor views = BatchView(busy(24))(images, indices, {.seed = 1});
  for (const at::ScalarType dtype : {at::kHalf, at::kBFloat16}) {
    const at::Tensor half = BatchView(busy(24), dtype)(images, indices, {.seed = 1});
    EXPECT_TRUE(tensors_equal(half, views.to(dtype)));
    EXPECT_TRUE(half.is_contiguous(at::MemoryFormat::ChannelsLast));
  }
}

TEST(BatchView, FloatImagesAndAnyStridesGiveTheSameViews) {
  const at::Tensor planes = formula_images(6, {30, 37}).contiguous();
  const BatchView view(busy(24));
  const std::vector<std::int64_t> indices = first_indices(6);
  const at::Tensor views = view(planes, indices, {.seed = 1});
  const at::Tensor interleaved = planes.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor sparse =
      at::empty({6, 3, 60, 74}, at::kByte).slice(2, 0, 60, 2).slice(3, 0, 74, 2);
  sparse.copy_(planes);
  EXPECT_TRUE(tensors_equal(view(interleaved, indices, {.seed = 1}), views));
  EXPECT_TRUE(tensors_equal(view(sparse, indices, {.seed = 1}), views));
  const at::Tensor floats = planes.to(at::kFloat).div(255.0);
  const at::Tensor from_floats = view(floats, indices, {.seed = 1});
  EXPECT_LT((from_floats - views).abs().mean().item<double>(), 1e-3);
}

TEST(BatchView, DrawsWhatImageViewDraws) {
  const ImageViewOptions options = busy(24);
  const std::vector<std::int64_t> indices{7, 3, 123'456'789, 0};
  const core::RandomKey key{.seed = 5, .epoch = 2, .view = 1};
  const std::vector<ImageView::Params> drawn = BatchView(options).sample({40, 50}, indices, key);
  ASSERT_EQ(drawn.size(), indices.size());
  const at::Tensor image = formula_image(0, {40, 50});
  const ImageView exact(options);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    core::Random random(
        {.seed = 5, .epoch = 2, .index = static_cast<std::uint64_t>(indices[i]), .view = 1});
    EXPECT_TRUE(tensors_equal(exact.apply(image, drawn[i]), exact(image, random))) << i;
  }
}

TEST(BatchView, ASampleDoesNotDependOnItsBatch) {
  constexpr std::int64_t kCount = 12;
  const at::Tensor images = formula_images(kCount, {40, 33});
  const BatchView view(busy(24));
  const std::vector<std::int64_t> indices = first_indices(kCount);
  const at::Tensor together = view(images, indices, {.seed = 3});
  for (std::int64_t i = 0; i < kCount; ++i) {
    const at::Tensor alone = view(images.narrow(0, i, 1), {i}, {.seed = 3});
    EXPECT_TRUE(tensors_equal(together.narrow(0, i, 1), alone)) << i;
  }
  const std::vector<std::int64_t> reversed(indices.rbegin(), indices.rend());
  EXPECT_TRUE(tensors_equal(view(images.flip(0), reversed, {.seed = 3}).flip(0), together));
}

TEST(BatchView, SameKeySameViewsAndTheImagesStay) {
  const at::Tensor images = formula_images(8, {40, 50});
  const at::Tensor before = images.clone();
  const BatchView view(busy(32));
  const std::vector<std::int64_t> indices = first_indices(8);
  const at::Tensor first = view(images, indices, {.seed = 1, .epoch = 1});
  EXPECT_TRUE(tensors_equal(view(images, indices, {.seed = 1, .epoch = 1}), first));
  for (const core::RandomKey& other : {core::RandomKey{.seed = 2, .epoch = 1},
                                       {.seed = 1, .epoch = 2},
                                       {.seed = 1, .epoch = 1, .view = 1}}) {
    const at::Tensor views = view(images, indices, other);
    for (std::int64_t i = 0; i < 8; ++i) {
      EXPECT_FALSE(tensors_equal(views[i], first[i])) << i;
    }
  }
  EXPECT_TRUE(tensors_equal(images, before));
}

TEST(BatchView, AutocastAndGradModeChangeNothing) {
  at::Tensor images = formula_images(4, {40, 50}).to(at::kFloat).div(255.0);
  const BatchView view(busy(32));
  const std::vector<std::int64_t> indices = first_indices(4);
  const at::Tensor plain = view(images, indices, {.seed = 1});
  images.requires_grad_();
  const core::AutocastGuard autocast(at::kCPU, at::kBFloat16);
  const at::Tensor views = view(images, indices, {.seed = 1});
  EXPECT_TRUE(tensors_equal(views, plain));
  EXPECT_FALSE(views.requires_grad());
}

// The process's setting while it lives.
class MatmulPrecision {
 public:
  explicit MatmulPrecision(const std::string& precision) {
    at::globalContext().setFloat32MatmulPrecision(precision);
  }
  ~MatmulPrecision() { at::globalContext().setFloat32MatmulPrecision("highest"); }
  MatmulPrecision(const MatmulPrecision&) = delete;
  MatmulPrecision& operator=(const MatmulPrecision&) = delete;
};

TEST(BatchView, LowerMatmulPrecisionChangesNoMoreThanRounding) {
  const at::Tensor images = formula_images(2, {120, 130});
  const BatchView view(busy(96));
  const std::vector<std::int64_t> indices = first_indices(2);
  const at::Tensor usual = view(images, indices, {.seed = 1});
  for (const char* precision : {"high", "medium"}) {
    const MatmulPrecision lower(precision);
    const at::Tensor views = view(images, indices, {.seed = 1});
    // In the sum of a pixel, which falls on the other side of a half now and then.
    const double level = 1.0 / 255.0 / imagenet_normalize.std[1];
    EXPECT_TRUE(tensors_close(views, usual, 1.01 * level)) << precision;
    EXPECT_LT(views.ne(usual).to(at::kDouble).mean().item<double>(), 1e-3) << precision;
  }
}

TEST(BatchView, TheDefaultDtypeChangesNothing) {
  const at::Tensor images = formula_images(4, {40, 50});
  const BatchView view(busy(32));
  const std::vector<std::int64_t> indices = first_indices(4);
  const at::Tensor usual = view(images, indices, {.seed = 1});
  const caffe2::TypeMeta before = at::get_default_dtype();
  at::set_default_dtype(caffe2::TypeMeta::fromScalarType(at::kBFloat16));
  const at::Tensor views = view(images, indices, {.seed = 1});
  at::set_default_dtype(before);
  EXPECT_TRUE(tensors_equal(views, usual));
}

TEST(BatchView, AnEmptyBatchGivesNoViews) {
  const at::Tensor none = at::empty({0, 3, 40, 50}, at::kByte);
  const at::Tensor views = BatchView(busy({24, 17}))(none, {}, {.seed = 1});
  EXPECT_EQ(views.sizes(), (std::vector<std::int64_t>{0, 3, 24, 17}));
  EXPECT_EQ(views.scalar_type(), at::kFloat);
}

TEST(BatchView, WorksOnOnePixel) {
  const at::Tensor image = formula_images(1, 1);
  const at::Tensor large = BatchView(busy({5, 3}))(image, {0}, {.seed = 4});
  EXPECT_TRUE(large.isfinite().all().item<bool>());
  const at::Tensor small = BatchView(busy(1))(formula_images(9, {7, 4}), first_indices(9), {});
  EXPECT_TRUE(small.isfinite().all().item<bool>());
}

TEST(BatchView, RejectsWhatIsNoBatchOfImages) {
  const BatchView view;
  const auto text = [&](const at::Tensor& images) {
    return error_text([&] { view(images, first_indices(2), {}); });
  };
  EXPECT_EQ(text(at::Tensor()),
            "BatchView: images must be a uint8 or float32 tensor [B, 3, H, W], got none");
  EXPECT_EQ(text(at::zeros({2, 3, 4, 5}, at::kDouble)),
            "BatchView: images must be a uint8 or float32 tensor [B, 3, H, W], got Double [2, 3, "
            "4, 5]");
  EXPECT_THAT(text(at::zeros({2, 1, 4, 5})), HasSubstr("got Float [2, 1, 4, 5]"));
  EXPECT_THAT(text(at::zeros({3, 4, 5})), HasSubstr("got Float [3, 4, 5]"));
  EXPECT_THAT(text(at::zeros({2, 3, 0, 5})), HasSubstr("got Float [2, 3, 0, 5]"));
  EXPECT_THAT(text(at::zeros({2, 3, 4, 5}).to_sparse()), HasSubstr("got Float [2, 3, 4, 5]"));
  EXPECT_EQ(text(at::zeros({3, 3, 4, 5})),
            "BatchView: params must be one for each of the 3 images, got 2");
}

TEST(BatchViews, AreTheViewsOfAPreset) {
  const Normalization other{.mean = {0.1, 0.2, 0.3}, .std = {0.4, 0.5, 0.6}};
  const DINOTransform dino({.global_crop_size = 24,
                            .local_crop_size = {12, 16},
                            .n_local_views = 1,
                            .cj_prob = 0.0,
                            .random_gray_scale = 0.0,
                            .gaussian_blur = {0.0, 0.0, 0.0},
                            .solarization_prob = 1.0,
                            .normalize = other});
  const std::vector<BatchView> views = batch_views(dino);
  ASSERT_EQ(views.size(), 3U);
  const at::Tensor images = formula_images(3, {40, 50});
  for (std::size_t v = 0; v < views.size(); ++v) {
    const at::Tensor made = views[v](images, {4, 5, 6}, {.seed = 2, .epoch = 3, .view = v});
    for (std::int64_t i = 0; i < 3; ++i) {
      const core::RandomKey key{.seed = 2, .epoch = 3, .index = static_cast<std::uint64_t>(4 + i)};
      const at::Tensor difference = (made[i] - dino(images[i], key)[v]).abs();
      EXPECT_LT(difference.mean().item<double>(), 0.01) << v;
    }
  }
}

TEST(BatchViews, TakeTheNormalisationOfTheirTransform) {
  const MultiViewTransform views{.transforms = {ImageView(nothing(20))}, .normalize = std::nullopt};
  const MultiViewTransform by_default{.transforms = {ImageView(nothing(20))}};
  EXPECT_EQ(batch_views(views).at(0).options().normalize, std::nullopt);
  EXPECT_EQ(batch_views(by_default).at(0).options().normalize, imagenet_normalize);
  const at::Tensor half =
      batch_views(views, at::kHalf).at(0)(formula_images(1, 20), {0}, {.seed = 1});
  EXPECT_EQ(half.scalar_type(), at::kHalf);
}

TEST(BatchViews, NameTheViewThatIsNone) {
  const auto keep = [](const at::Tensor& image, core::Random&) { return image; };
  EXPECT_EQ(error_text([&] { batch_views({.transforms = {ImageView(), keep}}); }),
            "batch_views: view 1 must be an ImageView, got another transform");
  EXPECT_THAT(error_text([] { batch_views({}); }), HasSubstr("transforms must hold at least one"));
  EXPECT_EQ(error_text([] { batch_views(DINOTransform(), at::kDouble); }),
            "BatchView: dtype must be Float, Half or BFloat16, got Double");
}

TEST(BatchView, ErrorsNameTheOption) {
  EXPECT_EQ(error_text([] { BatchView view({.hf_prob = std::nan("")}); }),
            "BatchView: hf_prob must be in [0, 1], got nan");
  EXPECT_EQ(error_text([] { BatchView view({.cj_hue = 0.7}); }),
            "BatchView: cj_hue must be in [0, 0.5], got 0.7");
  EXPECT_EQ(error_text([] { BatchView view({}, at::kDouble); }),
            "BatchView: dtype must be Float, Half or BFloat16, got Double");
}

TEST(BatchView, DoesNotSampleOutOfAnEmptyImage) {
  EXPECT_EQ(error_text([] { BatchView().sample({0, 5}, {}, {}); }),
            "BatchView: image_size must be at least 1x1 px, got 0x5");
}

TEST(BatchView, RejectsParamsOutOfBounds) {
  using Step = ColorJitter::Step;
  const at::Tensor images = formula_images(2, {40, 50});
  const BatchView view(busy(24));
  const auto text = [&](const std::function<void(ImageView::Params&)>& spoil) {
    ImageView::Params good;
    good.crop = {.top = 0, .left = 0, .height = 40, .width = 50};
    ImageView::Params bad = good;
    spoil(bad);
    return error_text([&] { view.apply(images, {good, bad}); });
  };
  const auto jitter_text = [&](const std::function<void(ColorJitter::Params&)>& spoil) {
    return text([&](ImageView::Params& bad) { spoil(bad.jitter.emplace()); });
  };
  EXPECT_EQ(text([](auto& bad) { bad.crop = {37, 0, 4, 5}; }),
            "BatchView: crop of image 1 must be at least 1x1 px and inside the image of 40x50, got "
            "{top 37, left 0, height 4, width 5}");
  EXPECT_THAT(text([](auto& bad) { bad.crop.height = 0; }),
              HasSubstr("crop of image 1 must be at least 1x1 px"));
  EXPECT_EQ(text([](auto& bad) { bad.blur = -1.0; }),
            "BatchView: blur must be in [0, 1e+06] px, got -1");
  EXPECT_EQ(text([](auto& bad) { bad.rotate = std::nan(""); }),
            "BatchView: rotate must be finite, got nan");
  EXPECT_EQ(jitter_text([](auto& bad) { bad.brightness = -0.5; }),
            "BatchView: brightness must be >= 0 and finite, got -0.5");
  EXPECT_EQ(jitter_text([](auto& bad) { bad.contrast = std::nan(""); }),
            "BatchView: contrast must be >= 0 and finite, got nan");
  EXPECT_EQ(jitter_text([](auto& bad) { bad.saturation = -1.0; }),
            "BatchView: saturation must be >= 0 and finite, got -1");
  EXPECT_EQ(jitter_text([](auto& bad) { bad.hue = 0.6; }),
            "BatchView: hue must be in [-0.5, 0.5], got 0.6");
  EXPECT_EQ(jitter_text([](auto& bad) { bad.order[0] = Step::kHue; }),
            "BatchView: order of the jitter of image 1 must name each step once");
}

}  // namespace
}  // namespace lightly::transforms
