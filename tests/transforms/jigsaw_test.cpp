#include "lightly/transforms/jigsaw.hpp"

#include <algorithm>
#include <set>

#include "lightly/transforms/functional.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;

TEST(Jigsaw, CropsLieInTheirCellsRowByRow) {
  const Jigsaw jigsaw({.n_grid = 3, .img_size = 62, .crop_size = 16, .permute = false});
  core::Random random(1);
  std::set<std::int64_t> places;
  for (int i = 0; i < 500; ++i) {
    const std::vector<Box> boxes = jigsaw.sample(random);
    ASSERT_EQ(boxes.size(), 9U);
    for (std::int64_t n = 0; n < 9; ++n) {
      const Box& box = boxes[static_cast<std::size_t>(n)];
      ASSERT_EQ(box.height, 16);
      ASSERT_EQ(box.width, 16);
      const std::int64_t down = box.top - n / 3 * 20;
      const std::int64_t right = box.left - n % 3 * 20;
      ASSERT_TRUE(down >= 0 && down <= 4 && right >= 0 && right <= 4) << box;
      places.insert(5 * down + right);
    }
  }
  EXPECT_EQ(places.size(), 25U);
}

TEST(Jigsaw, PermutationChangesTheOrderOnly) {
  const Jigsaw in_order({.permute = false});
  const Jigsaw permuted;
  int changed = 0;
  for (std::uint64_t i = 0; i < 50; ++i) {
    core::Random a({.seed = 2, .index = i});
    core::Random b({.seed = 2, .index = i});
    const std::vector<Box> ordered = in_order.sample(a);
    const std::vector<Box> boxes = permuted.sample(b);
    EXPECT_TRUE(std::is_permutation(boxes.begin(), boxes.end(), ordered.begin(), ordered.end()));
    changed += boxes == ordered ? 0 : 1;
  }
  EXPECT_GE(changed, 49);
}

TEST(Jigsaw, GivesTheCropsItDraws) {
  // What lies beyond img_size is not shown.
  const at::Tensor image = formula_image(0, {40, 37});
  const Jigsaw jigsaw({.n_grid = 2, .img_size = 36, .crop_size = 11});
  core::Random a(3);
  core::Random b(3);
  const std::vector<Box> boxes = jigsaw.sample(a);
  const std::vector<at::Tensor> crops = jigsaw(image, b);
  ASSERT_EQ(crops.size(), 4U);
  for (std::size_t i = 0; i < crops.size(); ++i) {
    EXPECT_TRUE(tensors_equal(crops[i], functional::crop(image, boxes[i])));
  }
}

TEST(Jigsaw, TransformsEachCropWithItsOwnRandomness) {
  const Jigsaw jigsaw({.n_grid = 2,
                       .img_size = 8,
                       .crop_size = 4,
                       .transform = [](const at::Tensor& crop, core::Random& random) {
                         return functional::adjust_brightness(crop, random.uniform());
                       }});
  const at::Tensor white = formula_image(0, {8, 8}).fill_(255);
  core::Random random(4);
  std::set<std::int64_t> levels;
  for (const at::Tensor& crop : jigsaw(white, random)) {
    EXPECT_EQ(crop.sizes(), (std::vector<std::int64_t>{3, 4, 4}));
    levels.insert(crop.max().item<std::int64_t>());
  }
  EXPECT_EQ(levels.size(), 4U);
}

TEST(Jigsaw, OneCellOfOnePixelIsTheImage) {
  const at::Tensor image = formula_image(0, {1, 1});
  core::Random random(5);
  const std::vector<at::Tensor> crops =
      Jigsaw({.n_grid = 1, .img_size = 1, .crop_size = 1})(image, random);
  ASSERT_EQ(crops.size(), 1U);
  EXPECT_TRUE(tensors_equal(crops[0], image));
}

TEST(Jigsaw, RejectsBadOptionsAndSmallImages) {
  EXPECT_EQ(error_text([] { Jigsaw({.n_grid = 0}); }), "Jigsaw: n_grid must be >= 1, got 0");
  EXPECT_EQ(error_text([] { Jigsaw({.n_grid = 3, .img_size = 2}); }),
            "Jigsaw: img_size must be >= 3, got 2");
  EXPECT_EQ(error_text([] { Jigsaw({.crop_size = 86}); }),
            "Jigsaw: crop_size must be in [1, 85], got 86");
  EXPECT_EQ(error_text([] { Jigsaw({.crop_size = 0}); }),
            "Jigsaw: crop_size must be in [1, 85], got 0");
  core::Random random(6);
  EXPECT_EQ(error_text([&] { Jigsaw()(formula_image(0, {255, 254}), random); }),
            "Jigsaw: image must be at least 255x255 px, got 255x254");
  for (const at::Tensor& nothing : lightly::testing::no_images()) {
    EXPECT_THAT(error_text([&] { Jigsaw()(nothing, random); }),
                ::testing::StartsWith("Jigsaw: image must be a uint8 tensor [3, H, W]"));
  }
}

}  // namespace
}  // namespace lightly::transforms
