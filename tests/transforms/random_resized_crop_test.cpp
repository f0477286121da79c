#include "lightly/transforms/random_resized_crop.hpp"

#include <cmath>

#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;

bool inside(const Box& box, const Size& image) {
  return box.top >= 0 && box.left >= 0 && box.height >= 1 && box.width >= 1 &&
         box.top + box.height <= image.height && box.left + box.width <= image.width;
}

TEST(RandomResizedCrop, DrawsAsTorchvisionDoes) {
  const core::Safetensors golden = lightly::testing::load_golden(
      "transforms/torchvision_0.29.1_resized_crop_statistics.safetensors");
  const at::Tensor cases = golden.at("cases");
  const auto draws = golden.at("draws").item<std::int64_t>();
  for (std::int64_t n = 0; n < cases.size(0); ++n) {
    const double* p = cases.const_data_ptr<double>() + 6 * n;
    const Size image(static_cast<std::int64_t>(p[0]), static_cast<std::int64_t>(p[1]));
    const RandomResizedCrop crop({.scale = {p[2], p[3]}, .ratio = {p[4], p[5]}});
    std::array<double, 5> sums{};
    std::array<double, 5> squares{};
    for (std::int64_t i = 0; i < draws; ++i) {
      core::Random random({.seed = 1, .index = static_cast<std::uint64_t>(i)});
      const Box box = crop.sample(image, random);
      ASSERT_TRUE(inside(box, image)) << box;
      const auto height = static_cast<double>(box.height);
      const auto width = static_cast<double>(box.width);
      const std::array<double, 5> values{height * width / (p[0] * p[1]), std::log(width / height),
                                         (static_cast<double>(box.top) + height / 2) / p[0],
                                         (static_cast<double>(box.left) + width / 2) / p[1],
                                         box.width == image.width ? 1.0 : 0.0};
      for (std::size_t k = 0; k < values.size(); ++k) {
        sums[k] += values[k];
        squares[k] += values[k] * values[k];
      }
    }
    const double* expected = golden.at("statistics").const_data_ptr<double>() + 10 * n;
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const auto count = static_cast<double>(draws);
      const double mean = sums[k] / count;
      const double deviation = std::sqrt(std::max(0.0, squares[k] / count - mean * mean));
      const double error = expected[2 * k + 1] / std::sqrt(count / 2);  // of the difference of two
      EXPECT_NEAR(mean, expected[2 * k], 4.5 * error + 1e-9) << cases[n] << " statistic " << k;
      EXPECT_NEAR(deviation, expected[2 * k + 1], 0.03 * expected[2 * k + 1] + 1e-9)
          << cases[n] << " statistic " << k;
    }
  }
}

TEST(RandomResizedCrop, BoxesLieInsideImagesOfEverySize) {
  const RandomResizedCrop crop({.scale = {0.0, 1.0}});
  core::Random random(1);
  for (std::int64_t height = 1; height <= 40; height += 3) {
    for (std::int64_t width = 1; width <= 40; width += 3) {
      for (int i = 0; i < 20; ++i) {
        const Box box = crop.sample({height, width}, random);
        ASSERT_TRUE(inside(box, {height, width})) << box << " in " << Size(height, width);
      }
    }
  }
}

TEST(RandomResizedCrop, TakesTheCentreWhenNoCropFits) {
  core::Random random(2);
  // Half the area at an allowed aspect ratio is longer than the short side, in every try.
  const RandomResizedCrop crop({.scale = {0.5, 1.0}});
  EXPECT_EQ(crop.sample({10, 100}, random), (Box{0, 43, 10, 13}));
  EXPECT_EQ(crop.sample({100, 10}, random), (Box{43, 0, 13, 10}));
  // The image's own aspect ratio is allowed, but the area is not there: all of it.
  const RandomResizedCrop larger({.scale = {2.0, 3.0}});
  EXPECT_EQ(larger.sample({30, 31}, random), (Box{0, 0, 30, 31}));
  // Never narrower than a pixel.
  const RandomResizedCrop narrow({.scale = {0.5, 1.0}, .ratio = {1e-6, 1e-5}});
  EXPECT_EQ(narrow.sample({4, 4}, random), (Box{0, 1, 4, 1}));
}

TEST(RandomResizedCrop, ResizesItsBox) {
  const at::Tensor image = formula_image(0, {40, 50});
  const RandomResizedCrop crop({.size = {12, 17}});
  core::Random a(3);
  core::Random b(3);
  const Box box = crop.sample({40, 50}, a);
  const at::Tensor result = crop(image, b);
  EXPECT_EQ(result.sizes(), (std::vector<std::int64_t>{3, 12, 17}));
  EXPECT_TRUE(
      tensors_equal(result, functional::resized_crop(image, {.box = box, .size = {12, 17}})));
}

TEST(RandomResizedCrop, OnePixelIsAnImage) {
  core::Random random(4);
  const at::Tensor image = formula_image(0, {1, 1});
  const at::Tensor result = RandomResizedCrop({.size = 4})(image, random);
  EXPECT_TRUE(tensors_equal(result, image.expand({3, 4, 4})));
}

TEST(RandomResizedCrop, RejectsBadOptions) {
  EXPECT_EQ(error_text([] { RandomResizedCrop({.size = 0}); }),
            "RandomResizedCrop: size must be at least 1x1 px, got 0x0");
  EXPECT_EQ(error_text([] { RandomResizedCrop({.scale = {0.9, 0.1}}); }),
            "RandomResizedCrop: scale must be 0 <= low <= high and high > 0, got {0.9, 0.1}");
  EXPECT_EQ(error_text([] { RandomResizedCrop({.ratio = {0.0, 1.0}}); }),
            "RandomResizedCrop: ratio must be 0 < low <= high, got {0, 1}");
}

TEST(RandomResizedCrop, RejectsWhatIsNoImage) {
  core::Random random(5);
  EXPECT_THAT(error_text([&] { RandomResizedCrop()(at::Tensor(), random); }),
              ::testing::HasSubstr("RandomResizedCrop: image must be a uint8 tensor"));
}

}  // namespace
}  // namespace lightly::transforms
