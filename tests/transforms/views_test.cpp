// Ten thousand whole views, and resizes of every kind, against Pillow and torchvision, under every
// SIMD target of this machine, the scalar code among them.
#include <utility>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/image_view.hpp"
#include "support/matchers.hpp"
#include "support/sanitized.hpp"
#include "support/simd_targets.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::crc;
using lightly::testing::formula_image;
using lightly::testing::kGoldenStride;

// In [0, 1): number k of a case's parameters, as tests/golden/transforms/make_views.py draws it.
double draw(std::int64_t n, std::uint32_t k) {
  const auto place = static_cast<std::uint32_t>(n * 64) + k;
  return static_cast<double>(lightly::testing::mix(place * 0x9E3779B9U)) * 0x1p-32;
}

std::int64_t below(std::int64_t n, std::uint32_t k, std::int64_t end) {
  return static_cast<std::int64_t>(draw(n, k) * static_cast<double>(end));
}

ColorJitter::Params jitter(std::int64_t n) {
  ColorJitter::Params params;
  for (std::uint32_t i = 3; i > 0; --i) {
    std::swap(params.order[i], params.order[static_cast<std::size_t>(below(n, 10 + i, i + 1))]);
  }
  const auto factor = [n](std::uint32_t k) {
    return static_cast<double>(static_cast<float>(0.2 + 1.6 * draw(n, k)));
  };
  params.brightness = factor(14);
  params.contrast = factor(15);
  params.saturation = factor(16);
  params.hue = static_cast<double>(static_cast<float>(0.4 * draw(n, 17) - 0.2));
  return params;
}

class Views : public lightly::testing::SimdTargetTest {};

core::Safetensors golden() {
  return lightly::testing::load_golden("transforms/pillow_13.0.0_views.safetensors");
}

TEST_P(Views, TenThousandEqualPillowAndTorchvision) {
  const core::Safetensors expected = golden();
  const at::Tensor crcs = expected.at("view.crc");
  const at::Tensor float_crcs = expected.at("view.float_crc");
  ASSERT_EQ(crcs.numel(), 10000);
  for (std::int64_t n = 0; n < crcs.numel(); n += kGoldenStride) {
    const std::int64_t height = n % 2 != 0 ? 32 : 1 + below(n, 0, 160);
    const std::int64_t width = n % 2 != 0 ? 32 : 1 + below(n, 1, 160);
    Box box{.height = 1 + below(n, 2, height), .width = 1 + below(n, 3, width)};
    box.top = below(n, 4, height - box.height + 1);
    box.left = below(n, 5, width - box.width + 1);
    const std::int64_t sizes[] = {32, 64, 1 + below(n, 6, 100)};
    ImageView::Params params{
        .crop = box,
        .rotate = draw(n, 7) < 0.1 ? std::optional<double>(90.0) : std::nullopt,
        .hflip = draw(n, 8) < 0.5,
        .vflip = draw(n, 9) < 0.2,
        .jitter = std::nullopt,
        .gray = draw(n, 18) < 0.2,
        .blur = std::nullopt};
    if (draw(n, 10) < 0.8) {
      params.jitter = jitter(n);
    }
    if (draw(n, 19) < 0.5) {
      params.blur = static_cast<float>(0.1 + 1.9 * draw(n, 20));
    }
    const ImageView view({.input_size = sizes[n % 3]});
    const at::Tensor image = formula_image(static_cast<std::uint32_t>(n), {height, width});
    ASSERT_EQ(crc(view.apply(image, params)), crcs.const_data_ptr<std::int64_t>()[n]) << n;
    if (n < float_crcs.numel()) {
      at::Tensor floats = at::empty({sizes[n % 3], sizes[n % 3], 3}, at::kFloat).permute({2, 0, 1});
      view.apply_into(image, params, floats);
      ASSERT_EQ(crc(floats), float_crcs.const_data_ptr<std::int64_t>()[n]) << n;
    }
  }
}

void expect_resizes(const std::string& name, functional::Interpolation interpolation) {
  const at::Tensor crcs = golden().at(name);
  for (std::int64_t n = 0; n < crcs.numel(); ++n) {
    const Size in{1 + below(n, 30, 120), 1 + below(n, 31, 120)};
    const Size out{1 + below(n, 32, 120), 1 + below(n, 33, 120)};
    const at::Tensor made = functional::resize(formula_image(static_cast<std::uint32_t>(n), in),
                                               out, {.interpolation = interpolation});
    EXPECT_EQ(crc(made), crcs.const_data_ptr<std::int64_t>()[n])
        << n << ": " << in << " -> " << out;
  }
}

TEST_P(Views, BicubicResizeEqualsPillow) {
  expect_resizes("bicubic.crc", functional::Interpolation::kBicubic);
}

TEST_P(Views, NearestResizeEqualsPillow) {
  expect_resizes("nearest.crc", functional::Interpolation::kNearest);
}

TEST_P(Views, ResizeOfLargeImagesEqualsPillow) {
  const core::Safetensors expected = golden();
  const std::pair<Size, Size> cases[] = {{{3000, 4000}, {224, 224}},   {{4000, 3000}, {224, 160}},
                                         {{3000, 4000}, {2999, 1}},    {{1, 4000}, {64, 64}},
                                         {{3000, 4000}, {1500, 2001}}, {{375, 500}, {3000, 2999}}};
  const std::pair<const char*, functional::Interpolation> interpolations[] = {
      {"large_bilinear.crc", functional::Interpolation::kBilinear},
      {"large_bicubic.crc", functional::Interpolation::kBicubic},
      {"large_nearest.crc", functional::Interpolation::kNearest}};
  for (std::int64_t n = 0; n < 6; ++n) {
    const auto& [in, out] = cases[n];
    const at::Tensor image = formula_image(static_cast<std::uint32_t>(n), in);
    for (const auto& [name, interpolation] : interpolations) {
      const at::Tensor crcs = expected.at(name);
      ASSERT_EQ(crcs.numel(), 6);
      const at::Tensor made = functional::resize(image, out, {.interpolation = interpolation});
      EXPECT_EQ(crc(made), crcs.const_data_ptr<std::int64_t>()[n])
          << name << ": " << in << " -> " << out;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, Views, ::testing::ValuesIn(lightly::testing::simd_targets()),
                         lightly::testing::target_name);

}  // namespace
}  // namespace lightly::transforms
