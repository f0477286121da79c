// How far BatchView is from ImageView, which equals Pillow, for the same choices: in levels of 255.

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <ostream>

#include <ATen/Parallel.h>
#include <ATen/ops/stack.h>

#include "lightly/media/image_io.hpp"
#include "lightly/transforms/batch.hpp"
#include "lightly/transforms/functional.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::formula_image;
using lightly::testing::large_test_data;
using lightly::testing::scene_image;

constexpr std::int64_t kCount = 24;
// Of float32, when a view of [0, 255] is divided and multiplied by 255.
constexpr double kRounding = 1e-3;

// Smooth scenes with edges, and some noise and patterns, which are the worst case.
std::vector<at::Tensor> formula_images(const Size& size) {
  std::vector<at::Tensor> images;
  for (std::int64_t i = 0; i < kCount; ++i) {
    const auto seed = static_cast<std::uint32_t>(i);
    images.push_back(i % 6 < 4 ? scene_image(seed, size) : formula_image(seed, size));
  }
  return images;
}

// Photos of Imagenette (224x224 px), or at another size by Pillow's resize; none without the data.
std::vector<at::Tensor> photos(const Size& size) {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path folder = large_test_data() / "imagenette" / "val";
  if (large_test_data().empty() || !std::filesystem::exists(folder)) {
    return {};
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".JPEG") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<at::Tensor> images;
  for (std::size_t i = 0; i < files.size() && images.size() < kCount; i += 5) {
    images.push_back(functional::resize(media::load_image(files[i]), size));
  }
  return images;
}

struct Difference {
  double mean = 0.0;
  double bias = 0.0;
  double equal_share = 0.0;
  double percentile_99 = 0.0;
  double largest = 0.0;
};

std::ostream& operator<<(std::ostream& stream, const Difference& d) {
  return stream << "mean " << d.mean << ", bias " << d.bias << ", equal " << d.equal_share
                << ", 99 % <= " << d.percentile_99 << ", largest " << d.largest;
}

Difference difference(const at::Tensor& actual, const at::Tensor& expected) {
  const at::Tensor signed_error = actual.to(at::kDouble) - expected.to(at::kDouble);
  const at::Tensor error = std::get<0>(signed_error.abs().flatten().sort());
  const std::int64_t count = error.numel();
  return {.mean = error.mean().item<double>(),
          .bias = signed_error.mean().item<double>(),
          .equal_share = error.lt(0.5).to(at::kDouble).mean().item<double>(),
          .percentile_99 = error[count * 99 / 100].item<double>(),
          .largest = error[count - 1].item<double>()};
}

// Both views of each image for the same choices.
Difference difference_of_views(const ImageViewOptions& options,
                               const std::vector<at::Tensor>& images,
                               const std::vector<ImageView::Params>& params) {
  ImageViewOptions in_levels = options;
  in_levels.normalize = Normalization{.std = {1.0 / 255.0, 1.0 / 255.0, 1.0 / 255.0}};
  const at::Tensor views = BatchView(in_levels).apply(at::stack(images), params);
  const ImageView exact(options);
  std::vector<at::Tensor> expected;
  for (std::size_t i = 0; i < images.size(); ++i) {
    expected.push_back(exact.apply(images[i], params[i]));
  }
  return difference(views, at::stack(expected));
}

// What is done to the images, drawn for each.
using Draw = std::function<ImageView::Params(const Size& image_size, core::Random&)>;

Difference difference_of_step(const ImageViewOptions& options,
                              const std::vector<at::Tensor>& images, const Draw& draw) {
  const Size image_size{images.at(0).size(1), images.at(0).size(2)};
  std::vector<ImageView::Params> params;
  for (std::size_t i = 0; i < images.size(); ++i) {
    core::Random random({.seed = 1, .index = i});
    params.push_back(draw(image_size, random));
  }
  return difference_of_views(options, images, params);
}

// One step alone, on whole images at their size.
Draw only(const std::function<void(ImageView::Params&, core::Random&)>& step) {
  return [step](const Size& size, core::Random& random) {
    ImageView::Params params;
    params.crop = {.top = 0, .left = 0, .height = size.height, .width = size.width};
    step(params, random);
    return params;
  };
}

Draw only_jitter(const ColorJitterOptions& options) {
  return only([jitter = ColorJitter(options)](ImageView::Params& params, core::Random& random) {
    params.jitter = jitter.sample(random);
  });
}

void flip_at_random(ImageView::Params& params, core::Random& random) {
  params.hflip = random.bernoulli(0.5);
  params.vflip = random.bernoulli(0.5);
}

// What docs/batched_views.md promises, in levels.
struct Limits {
  double mean;
  double equal_share;
  double percentile_99;
  double largest;
};

constexpr Limits kSame{.mean = 1e-4, .equal_share = 0.9999, .percentile_99 = 0.0, .largest = 1.0};
constexpr Limits kResized{.mean = 0.03, .equal_share = 0.97, .percentile_99 = 1.0, .largest = 2.0};
// Where Pillow takes the vertical pass first, other values are clipped in between.
constexpr Limits kBicubic{.mean = 0.06, .equal_share = 0.95, .percentile_99 = 1.0, .largest = 20.0};
constexpr Limits kHue{.mean = 0.01, .equal_share = 0.99, .percentile_99 = 0.0, .largest = 20.0};
constexpr Limits kBlurred{.mean = 0.5, .equal_share = 0.6, .percentile_99 = 2.0, .largest = 4.0};
constexpr Limits kRecipe{.mean = 0.25, .equal_share = 0.75, .percentile_99 = 2.0, .largest = 20.0};
constexpr double kLargestBias = 0.06;

void expect_within(const Difference& seen, const Limits& limits, const std::string& name) {
  EXPECT_LE(seen.mean, limits.mean) << name << ": " << seen;
  EXPECT_LE(std::abs(seen.bias), kLargestBias) << name << ": " << seen;
  EXPECT_GE(seen.equal_share, limits.equal_share) << name << ": " << seen;
  EXPECT_LE(seen.percentile_99, limits.percentile_99 + kRounding) << name << ": " << seen;
  EXPECT_LE(seen.largest, limits.largest + kRounding) << name << ": " << seen;
}

void expect_every_step_within(const std::vector<at::Tensor>& images, const std::string& name) {
  const Size size{images.at(0).size(1), images.at(0).size(2)};
  const Size smaller{size.height / 2, size.width / 3};
  const auto expect_step = [&](const char* step, const ImageViewOptions& options, const Draw& draw,
                               const Limits& limits) {
    expect_within(difference_of_step(options, images, draw), limits, name + ", " + step);
  };
  const Draw crop = [](const Size& image_size, core::Random& random) {
    ImageView::Params params;
    params.crop = RandomResizedCrop().sample(image_size, random);
    flip_at_random(params, random);
    return params;
  };
  for (const Size& view_size : {size, smaller}) {
    expect_step("bilinear", {.input_size = view_size}, crop, kResized);
    expect_step("bicubic",
                {.input_size = view_size, .interpolation = functional::Interpolation::kBicubic},
                crop, kBicubic);
    expect_step("nearest",
                {.input_size = view_size, .interpolation = functional::Interpolation::kNearest},
                crop, kSame);
  }
  const Draw quarter_turn = only([](ImageView::Params& params, core::Random& random) {
    params.rotate = 90.0 * static_cast<double>(random.below(4));
    flip_at_random(params, random);
  });
  const Draw turn = only([](ImageView::Params& params, core::Random& random) {
    params.rotate = random.uniform(-200.0F, 200.0F);
    flip_at_random(params, random);
  });
  for (const RotationPlace place : {RotationPlace::kBeforeFlips, RotationPlace::kAfterFlips}) {
    expect_step("quarter turn", {.input_size = size, .rotation = place}, quarter_turn, kSame);
    expect_step("rotation", {.input_size = size, .rotation = place}, turn, kSame);
  }
  const ImageViewOptions same_size{.input_size = size};
  expect_step("brightness", same_size, only_jitter({.brightness = 0.8}), kSame);
  expect_step("contrast", same_size, only_jitter({.contrast = 0.8}), kSame);
  expect_step("saturation", same_size, only_jitter({.saturation = 0.8}), kSame);
  expect_step("hue", same_size, only_jitter({.hue = 0.5}), kHue);
  expect_step("jitter", same_size,
              only_jitter({.brightness = 0.8, .contrast = 0.8, .saturation = 0.8, .hue = 0.2}),
              kHue);
  expect_step("gray", same_size, only([](auto& params, auto&) { params.gray = true; }), kSame);
  for (const std::int64_t threshold : {0, 100, 128, 256}) {
    expect_step("solarization", {.input_size = size, .solarization_threshold = threshold},
                only([](auto& params, auto&) { params.solarize = true; }), kSame);
  }
  expect_step("blur", same_size, only([](auto& params, core::Random& random) {
                params.blur = random.uniform(0.2F, 2.0F);
              }),
              kBlurred);
  expect_step("early blur", same_size, only([](auto& params, core::Random& random) {
                params.blur = static_cast<double>(random.below(14));
              }),
              kBlurred);
}

// The recipes of both collate functions, and one with all that others need.
void expect_recipes_within(const std::vector<at::Tensor>& images, const Size& view_size,
                           const std::string& name) {
  std::vector<std::int64_t> indices(images.size());
  std::iota(indices.begin(), indices.end(), 0);
  const Size image_size{images.at(0).size(1), images.at(0).size(2)};
  for (const ImageViewOptions& options :
       {ImageViewOptions{.input_size = view_size, .vf_prob = 0.2, .rr_prob = 0.2},
        simclr_view({.input_size = view_size}),
        ImageViewOptions{.input_size = view_size,
                         .max_scale = 0.5,
                         .rr_prob = 0.5,
                         .rr_degrees = DegreeRange(-45.0, 45.0),
                         .rotation = RotationPlace::kAfterFlips,
                         .solarization_prob = 0.2,
                         .solarization = SolarizationPlace::kBeforeBlur}}) {
    const auto params = BatchView(options).sample(image_size, indices, {.seed = 1});
    expect_within(difference_of_views(options, images, params), kRecipe, name + ", recipe");
  }
}

// Threads that wait for each other in loops would cost more than they save.
class BatchViewAccuracy : public ::testing::Test {
 public:
  BatchViewAccuracy() { at::set_num_threads(1); }
  ~BatchViewAccuracy() override { at::set_num_threads(before_); }

 private:
  int before_ = at::get_num_threads();
};

TEST_F(BatchViewAccuracy, EveryStepIsWithinItsLimitsOnFormulaImages) {
  for (const Size& size : {Size(32), Size(96), Size(61, 44), Size(43, 64)}) {
    expect_every_step_within(formula_images(size), "formula");
  }
}

TEST_F(BatchViewAccuracy, RecipesAreWithinTheirLimitsOnFormulaImages) {
  for (const std::int64_t side : {32, 64, 96}) {
    expect_recipes_within(formula_images(side), side, "formula");
  }
  expect_recipes_within(formula_images({90, 120}), {40, 56}, "formula");
}

TEST_F(BatchViewAccuracy, EverythingIsWithinItsLimitsOnPhotos) {
  if (photos(32).empty()) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA names no folder with imagenette/val";
  }
  expect_every_step_within(photos(96), "photos");
  for (const std::int64_t side : {32, 64, 96, 224}) {
    expect_recipes_within(photos(side), side, "photos");
  }
  expect_recipes_within(photos(224), 96, "photos");
}

TEST_F(BatchViewAccuracy, BlurOfHugeRadiusIsAsExact) {
  const at::Tensor image = scene_image(3, {20, 31});
  ImageView::Params params;
  params.crop = {.top = 0, .left = 0, .height = 20, .width = 31};
  for (const double radius : {50.0, 5000.0, functional::kLargestBlurRadius}) {
    params.blur = radius;
    const Difference seen = difference_of_views({.input_size = {20, 31}}, {image}, {params});
    EXPECT_LE(seen.largest, 2.0) << radius << ": " << seen;
  }
}

TEST_F(BatchViewAccuracy, EveryOrderOfTheJitterIsKeptWhateverIsLeftOut) {
  ColorJitter::Params jitter{.brightness = 1.4, .contrast = 1.7, .saturation = 0.4, .hue = 0.3};
  std::vector<ImageView::Params> params;
  do {
    for (unsigned kept = 0; kept < 16; ++kept) {
      ImageView::Params one;
      one.crop = {.top = 0, .left = 0, .height = 24, .width = 24};
      one.jitter.emplace().order = jitter.order;
      one.jitter->brightness = (kept & 1U) != 0 ? jitter.brightness : std::nullopt;
      one.jitter->contrast = (kept & 2U) != 0 ? jitter.contrast : std::nullopt;
      one.jitter->saturation = (kept & 4U) != 0 ? jitter.saturation : std::nullopt;
      one.jitter->hue = (kept & 8U) != 0 ? jitter.hue : std::nullopt;
      params.push_back(one);
    }
  } while (std::next_permutation(jitter.order.begin(), jitter.order.end()));
  ASSERT_EQ(params.size(), 24U * 16U);
  const std::vector<at::Tensor> images(params.size(), scene_image(1, 24));
  expect_within(difference_of_views({.input_size = 24}, images, params), kHue, "orders");
}

}  // namespace
}  // namespace lightly::transforms
