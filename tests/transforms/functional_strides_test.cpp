// What holds for every operation: the memory an image lies in changes nothing, neither its pixels
// nor, afterwards, the memory; and what is no image is refused.
#include <functional>
#include <string>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include "lightly/transforms/functional.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;

struct Named {
  std::string name;
  std::function<at::Tensor(const at::Tensor&)> apply;
};

// Half of the image, or of what is none.
Box half(const at::Tensor& image) {
  if (!image.defined() || image.dim() != 3) {
    return {0, 0, 1, 1};
  }
  return {0, 0, (image.size(1) + 1) / 2, image.size(2)};
}

std::vector<Named> every_operation() {
  using namespace functional;
  return {
      {"crop", [](const auto& i) { return crop(i, half(i)); }},
      {"center_crop", [](const auto& i) { return center_crop(i, {6, 12}); }},
      {"resize", [](const auto& i) { return functional::resize(i, {9, 11}); }},
      {"resized_crop", [](const auto& i) { return resized_crop(i, {.box = half(i), .size = 7}); }},
      {"hflip", [](const auto& i) { return hflip(i); }},
      {"vflip", [](const auto& i) { return vflip(i); }},
      {"rotate90", [](const auto& i) { return rotate90(i); }},
      {"rotate", [](const auto& i) { return rotate(i, 33.0); }},
      {"adjust_brightness", [](const auto& i) { return adjust_brightness(i, 1.3); }},
      {"adjust_contrast", [](const auto& i) { return adjust_contrast(i, 0.6); }},
      {"adjust_saturation", [](const auto& i) { return adjust_saturation(i, 1.7); }},
      {"adjust_hue", [](const auto& i) { return adjust_hue(i, 0.2); }},
      {"to_grayscale", [](const auto& i) { return to_grayscale(i); }},
      {"solarize", [](const auto& i) { return solarize(i, 100); }},
      {"posterize", [](const auto& i) { return posterize(i, 3); }},
      {"equalize", [](const auto& i) { return equalize(i); }},
      {"autocontrast", [](const auto& i) { return autocontrast(i); }},
      {"invert", [](const auto& i) { return invert(i); }},
      {"gaussian_blur", [](const auto& i) { return gaussian_blur(i, 1.4); }},
      {"to_float_normalize",
       [](const auto& i) { return to_float_normalize(i, imagenet_normalize); }},
  };
}

// The same pixels in memory of other shapes.
std::vector<Named> every_layout() {
  return {
      {"planar", [](const auto& i) { return i.contiguous(); }},
      {"columns first",
       [](const auto& i) { return i.permute({0, 2, 1}).contiguous().permute({0, 2, 1}); }},
      {"part of a larger channels-last image",
       [](const auto& i) {
         at::Tensor larger =
             at::full({i.size(1) + 5, i.size(2) + 3, 3}, 77, at::kByte).permute({2, 0, 1});
         at::Tensor part = larger.slice(1, 2, 2 + i.size(1)).slice(2, 1, 1 + i.size(2));
         part.copy_(i);
         return part;
       }},
      {"four channels of which three are used",
       [](const auto& i) {
         at::Tensor four = at::full({i.size(1), i.size(2), 4}, 77, at::kByte).permute({2, 0, 1});
         four.slice(0, 0, 3).copy_(i);
         return four.slice(0, 0, 3);
       }},
      {"every other pixel of a larger planar image",
       [](const auto& i) {
         at::Tensor larger = at::full({3, 2 * i.size(1), 2 * i.size(2)}, 77, at::kByte);
         at::Tensor part = larger.slice(1, 1, 2 * i.size(1), 2).slice(2, 0, 2 * i.size(2), 2);
         part.copy_(i);
         return part;
       }},
  };
}

bool is_channels_last(const at::Tensor& image) {
  return image.permute({1, 2, 0}).is_contiguous();
}

TEST(FunctionalStrides, EveryLayoutGivesTheSamePixelsAndStaysUnchanged) {
  for (const Size& size : {Size(13, 10), Size(1, 1), Size(1, 9), Size(8, 1)}) {
    const at::Tensor image = formula_image(2, size);
    for (const Named& operation : every_operation()) {
      const at::Tensor expected = operation.apply(image);
      EXPECT_TRUE(is_channels_last(expected)) << operation.name;
      for (const Named& layout : every_layout()) {
        const at::Tensor same = layout.apply(image);
        const at::Tensor result = operation.apply(same);
        EXPECT_TRUE(tensors_equal(result, expected))
            << operation.name << " of " << size << ", " << layout.name;
        EXPECT_TRUE(is_channels_last(result)) << operation.name << ", " << layout.name;
        EXPECT_TRUE(tensors_equal(same, image))
            << operation.name << " wrote to its input, " << layout.name;
        EXPECT_FALSE(result.is_alias_of(same)) << operation.name;
      }
    }
  }
}

TEST(FunctionalStrides, EveryOperationRefusesWhatIsNoImage) {
  for (const Named& operation : every_operation()) {
    for (const at::Tensor& nothing : lightly::testing::no_images()) {
      EXPECT_THAT(
          error_text([&] { operation.apply(nothing); }),
          ::testing::StartsWith(operation.name + ": image must be a uint8 tensor [3, H, W]"));
    }
  }
}

TEST(FunctionalStrides, GreyExpandedToThreeChannelsIsAnImage) {
  const at::Tensor grey = formula_image(4, {6, 7}).slice(0, 0, 1).expand({3, 6, 7});
  EXPECT_TRUE(tensors_equal(functional::hflip(grey), grey.flip({2})));
}

TEST(FunctionalStrides, SlotsOfAnyLayoutReceiveTheSameFloats) {
  const at::Tensor image = formula_image(3, {6, 7});
  const at::Tensor expected = functional::to_float_normalize(image, imagenet_normalize);
  at::Tensor planar = at::full({2, 3, 6, 7}, -5.0F);
  at::Tensor last = planar.contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor wide = at::full({2, 3, 6, 14}, -5.0F);
  for (const at::Tensor& batch : {planar, last, wide.slice(3, 0, 14, 2)}) {
    functional::to_float_normalize_into(image, imagenet_normalize, batch[1]);
    EXPECT_TRUE(tensors_equal(batch[1], expected));
    EXPECT_TRUE((batch[0] == -5.0F).all().item<bool>());
  }
  EXPECT_TRUE((wide.slice(3, 1, 14, 2) == -5.0F).all().item<bool>());
}

}  // namespace
}  // namespace lightly::transforms
