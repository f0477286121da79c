// Horizontal and vertical flip, rotation, grayscale and solarization: one decision, one operation.
#include <cmath>
#include <functional>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/image_transform.hpp"
#include "lightly/transforms/random_grayscale.hpp"
#include "lightly/transforms/random_horizontal_flip.hpp"
#include "lightly/transforms/random_rotate.hpp"
#include "lightly/transforms/random_solarization.hpp"
#include "lightly/transforms/random_vertical_flip.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;

struct Flip {
  std::string name;
  std::function<ImageTransform(double)> make;
  at::Tensor (*operation)(const at::Tensor&);
};

std::vector<Flip> every_flip() {
  return {{"RandomHorizontalFlip: p", [](double p) { return RandomHorizontalFlip({.p = p}); },
           functional::hflip},
          {"RandomVerticalFlip: p", [](double p) { return RandomVerticalFlip({.p = p}); },
           functional::vflip},
          {"RandomGrayscale: p", [](double p) { return RandomGrayscale({.p = p}); },
           functional::to_grayscale},
          {"RandomRotate: prob", [](double p) { return RandomRotate({.prob = p}); },
           functional::rotate90},
          {"RandomSolarization: prob", [](double p) { return RandomSolarization({.prob = p}); },
           [](const at::Tensor& image) { return functional::solarize(image, 128); }}};
}

TEST(RandomFlips, ZeroIsNeverAndOneIsAlways) {
  const at::Tensor image = formula_image(0, {5, 5});
  for (const Flip& flip : every_flip()) {
    const ImageTransform never = flip.make(0.0);
    const ImageTransform always = flip.make(1.0);
    const at::Tensor changed = flip.operation(image);
    core::Random random(1);
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE(tensors_equal(never(image, random), image)) << flip.name;
      ASSERT_TRUE(tensors_equal(always(image, random), changed)) << flip.name;
    }
  }
}

TEST(RandomFlips, HappenAsOftenAsAsked) {
  core::Random random(2);
  int flips = 0;
  const RandomHorizontalFlip flip({.p = 0.3});
  for (int i = 0; i < 20'000; ++i) {
    flips += flip.sample(random) ? 1 : 0;
  }
  EXPECT_NEAR(flips, 6000, 260);  // 4 standard deviations
}

TEST(RandomFlips, TakeOneDrawWhateverTheProbability) {
  // So that what comes after does not depend on the option.
  const at::Tensor image = formula_image(0, {5, 5});
  for (const Flip& flip : every_flip()) {
    std::vector<std::uint32_t> next;
    for (const double p : {0.0, 0.5, 1.0}) {
      core::Random random(3);
      flip.make(p)(image, random);
      next.push_back(random.bits());
    }
    EXPECT_THAT(next, ::testing::Each(next[0])) << flip.name;
  }
}

TEST(RandomFlips, SolarizationHasAThreshold) {
  const at::Tensor image = formula_image(0, {5, 5});
  core::Random random(4);
  for (const std::int64_t threshold : {0, 60, 256}) {
    EXPECT_TRUE(
        tensors_equal(RandomSolarization({.prob = 1.0, .threshold = threshold})(image, random),
                      functional::solarize(image, threshold)));
  }
  for (const std::int64_t threshold : {-1, 257}) {
    EXPECT_EQ(
        error_text([&] { RandomSolarization({.threshold = threshold}); }),
        "RandomSolarization: threshold must be in [0, 256], got " + std::to_string(threshold));
  }
}

TEST(RandomFlips, RejectWhatIsNoProbability) {
  for (const Flip& flip : every_flip()) {
    EXPECT_EQ(error_text([&] { flip.make(1.1); }), flip.name + " must be in [0, 1], got 1.1");
    EXPECT_EQ(error_text([&] { flip.make(-0.1); }), flip.name + " must be in [0, 1], got -0.1");
    EXPECT_EQ(error_text([&] { flip.make(std::nan("")); }),
              flip.name + " must be in [0, 1], got nan");
  }
}

}  // namespace
}  // namespace lightly::transforms
