// The vector kernels under every SIMD target of this machine against the scalar ones, which the
// golden tests compare with Pillow.
#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/simd_targets.hpp"
#include "transforms/kernels/blur.hpp"
#include "transforms/kernels/geometry.hpp"
#include "transforms/kernels/point_ops.hpp"
#include "transforms/kernels/resize.hpp"
#include "transforms/kernels/resize_weights.hpp"
#include "transforms/kernels/scalar/resize.hpp"

namespace lightly::transforms::kernels {
namespace {

// Pixels with guards between the rows and behind the last: a kernel that writes too much changes
// them.
class TestImage {
 public:
  TestImage(std::int64_t height, std::int64_t width, std::int64_t padding = 0)
      : TestImage(height, width, padding, kBehind) {}

  // Without guards: a sanitizer sees what is read behind the last row.
  static TestImage random(std::int64_t height, std::int64_t width, std::mt19937& engine,
                          std::int64_t padding = 0) {
    TestImage made(height, width, padding, 0);
    // Few grey levels in some images: equal channels are special to hue.
    const std::uint32_t levels = engine() % 4 == 0 ? 3 : 256;
    for (std::uint8_t& byte : made.bytes_) {
      byte = static_cast<std::uint8_t>(engine() % levels * (255 / (levels - 1)));
    }
    return made;
  }

  operator Image() { return {bytes_.data(), row_bytes_, height_, width_}; }
  operator ConstImage() const { return {bytes_.data(), row_bytes_, height_, width_}; }
  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }

  bool operator==(const TestImage& other) const {
    for (std::int64_t y = 0; y < height_; ++y) {
      const auto* a = bytes_.data() + y * row_bytes_;
      const auto* b = other.bytes_.data() + y * other.row_bytes_;
      if (!std::equal(a, a + 3 * width_, b)) {
        return false;
      }
    }
    return height_ == other.height_ && width_ == other.width_;
  }

  // The bytes between the rows and behind the last are as they were made.
  bool guards_are_whole() const {
    const auto is_guard = [](std::uint8_t byte) { return byte == kGuard; };
    for (std::int64_t y = 0; y < height_; ++y) {
      const auto row = bytes_.begin() + y * row_bytes_;
      const auto next = y + 1 < height_ ? row + row_bytes_ : bytes_.end();
      if (!std::all_of(row + 3 * width_, next, is_guard)) {
        return false;
      }
    }
    return true;
  }

 private:
  static constexpr std::uint8_t kGuard = 0xA5;
  // The longest vector.
  static constexpr std::int64_t kBehind = 64;

  TestImage(std::int64_t height, std::int64_t width, std::int64_t padding, std::int64_t behind)
      : row_bytes_(3 * width + padding),
        height_(height),
        width_(width),
        bytes_(static_cast<std::size_t>(height * row_bytes_ - padding + behind), kGuard) {}

  std::int64_t row_bytes_;
  std::int64_t height_;
  std::int64_t width_;
  std::vector<std::uint8_t> bytes_;
};

TEST(TestImage, SeesEveryByteWrittenTooMuch) {
  for (const std::int64_t padding : {0, 5}) {
    TestImage image(2, 3, padding);
    EXPECT_TRUE(image.guards_are_whole());
    const Image pixels = image;
    for (const std::int64_t place : {std::int64_t{0}, std::int64_t{63}}) {
      pixels.row(1)[9 + place] ^= 1;
      EXPECT_FALSE(image.guards_are_whole()) << padding << " " << place;
      pixels.row(1)[9 + place] ^= 1;
    }
    pixels.row(1)[8] = 0;
    EXPECT_TRUE(image.guards_are_whole());
  }
}

class Kernels : public lightly::testing::SimdTargetTest {
 protected:
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint32_t>(n));
  }
  // Often small, so that tails and single pixels come up.
  std::int64_t side() { return 1 + below(below(3) == 0 ? 200 : 40); }

  std::mt19937 engine_{7};  // NOLINT(cert-msc51-cpp): the same images in every run
};

void scalar_op(const LevelBlend& op, const Image& image) {
  scalar::blend_with_level(image, image, op);
}
void scalar_op(const LumaBlend& op, const Image& image) {
  scalar::blend_with_luma(image, image, op.factor);
}
void scalar_op(const HueShift& op, const Image& image) {
  scalar::shift_hue(image, image, op.shift);
}
void scalar_op(const Grayscale&, const Image& image) {
  scalar::grayscale(image, image);
}
void scalar_op(const Solarize& op, const Image& image) {
  scalar::solarize(image, image, op.threshold);
}

TEST_P(Kernels, PointOpsEqualTheScalarOnes) {
  for (int n = 0; n < 3000; ++n) {
    const TestImage source = TestImage::random(side(), side(), engine_, below(2) * below(30));
    std::vector<PointOp> ops;
    for (std::int64_t k = below(5); k > 0; --k) {
      const float factor = below(8) == 0 ? 1e9F : static_cast<float>(below(3000)) / 1000.0F;
      const PointOp choices[] = {LevelBlend{factor, static_cast<int>(below(256))},
                                 LumaBlend{factor}, HueShift{static_cast<int>(below(256))},
                                 Grayscale{}, Solarize{static_cast<int>(below(257))}};
      ops.push_back(choices[below(5)]);
    }
    TestImage expected = source;
    for (const PointOp& op : ops) {
      std::visit([&](const auto& chosen) { scalar_op(chosen, expected); }, op);
    }
    TestImage made(source.height(), source.width(), below(2) * below(30));
    const std::uint64_t sum = apply_and_sum_luma(ops, source, made);
    ASSERT_TRUE(made == expected) << n;
    ASSERT_TRUE(made.guards_are_whole()) << n;
    ASSERT_EQ(sum, scalar::sum_luma(expected)) << n;
    ASSERT_EQ(sum_luma(expected), sum) << n;
    TestImage in_place = source;
    apply(ops, in_place, in_place);
    ASSERT_TRUE(in_place == expected) << n;
  }
}

TEST_P(Kernels, FloatsEqualTheTable) {
  const std::array<float, 3> imagenet_mean{0.485F, 0.456F, 0.406F};
  const std::array<float, 3> imagenet_std{0.229F, 0.224F, 0.225F};
  const Normalizer imagenet(imagenet_mean, imagenet_std);
  EXPECT_TRUE(imagenet.by_reciprocal);
  for (int n = 0; n < 500; ++n) {
    const auto any = [&] { return 0.01F + static_cast<float>(below(1000)) / 999.0F; };
    const Normalizer normalizer =
        n % 2 == 0 ? imagenet : Normalizer({any(), any(), any()}, {any(), any(), any()});
    const TestImage source = TestImage::random(side(), side(), engine_, below(2) * below(30));
    const ConstImage view = source;
    const std::int64_t pixels = view.height * view.width;
    std::vector<float> memory(static_cast<std::size_t>(3 * pixels + 32));
    // Aligned to a vector in some cases: only then are the floats streamed.
    float* floats = memory.data();
    while (n % 4 < 2 && reinterpret_cast<std::uintptr_t>(floats) % 64 != 0) {
      ++floats;
    }
    const bool planar = n % 3 == 0;
    const FloatImage target = planar ? FloatImage{floats, pixels, view.width, 1}
                                     : FloatImage{floats, 1, 3 * view.width, 3, n % 5 < 3};
    const std::vector<PointOp> ops(static_cast<std::size_t>(n % 2), PointOp{Solarize{100}});
    apply_to_float(ops, source, normalizer, target);
    for (std::int64_t y = 0; y < view.height; ++y) {
      for (std::int64_t x = 0; x < view.width; ++x) {
        for (std::int64_t c = 0; c < 3; ++c) {
          std::uint8_t byte = view.row(y)[3 * x + c];
          byte = !ops.empty() && byte >= 100 ? static_cast<std::uint8_t>(255 - byte) : byte;
          ASSERT_EQ(target.data[c * target.c_stride + y * target.y_stride + x * target.x_stride],
                    normalizer.table[static_cast<std::size_t>(c)][byte])
              << n;
        }
      }
    }
  }
}

TEST_P(Kernels, FlipsPixelByPixel) {
  for (int n = 0; n < 500; ++n) {
    const TestImage source = TestImage::random(side(), side(), engine_, below(2) * below(30));
    TestImage expected = source;
    hflip_in_place(expected);
    TestImage made(source.height(), source.width(), below(2) * below(30));
    hflip(source, made);
    ASSERT_TRUE(made == expected) << n << ": " << source.height() << "x" << source.width();
    ASSERT_TRUE(made.guards_are_whole()) << n;
  }
}

TEST_P(Kernels, ResizesEqualTheScalarOnes) {
  ResizeScratch scratch;
  for (int n = 0; n < 2000; ++n) {
    const TestImage source = TestImage::random(side(), side(), engine_, below(2) * below(30));
    const std::int64_t height = below(4) == 0 ? source.height() : side();
    const std::int64_t width = below(4) == 0 ? source.width() : side();
    const ResizeStyle style{
        .first = below(2) == 0 ? ResizePass::kHorizontal : ResizePass::kVertical,
        .filter = below(2) == 0 ? ResizeFilter::kBilinear : ResizeFilter::kBicubic,
        .hflip = below(2) == 0,
        .vflip = below(2) == 0};
    ResizeWeights across;
    ResizeWeights down;
    build_weights({source.width(), width, style.filter, false}, across);
    build_weights({source.height(), height, style.filter, false}, down);
    const bool wide = width != source.width();
    const bool high = height != source.height();
    TestImage expected = source;
    const auto rows = [&] {
      if (wide) {
        TestImage next(expected.height(), width);
        scalar::resize_rows(expected, next, across);
        expected = next;
      }
    };
    const auto columns = [&] {
      if (high) {
        TestImage next(height, expected.width());
        scalar::resize_columns(expected, next, down);
        expected = next;
      }
    };
    if (style.first == ResizePass::kHorizontal) {
      rows();
      columns();
    } else {
      columns();
      rows();
    }
    if (style.hflip) {
      hflip_in_place(expected);
    }
    if (style.vflip) {
      vflip_in_place(expected);
    }
    TestImage made(height, width, below(2) * below(30));
    resize(source, made, style, scratch);
    ASSERT_TRUE(made == expected) << n << ": " << source.height() << "x" << source.width() << " -> "
                                  << height << "x" << width;
    ASSERT_TRUE(made.guards_are_whole()) << n;
  }
}

TEST_P(Kernels, BlursEqualTheScalarOne) {
  BlurScratch scratch;
  scalar::BlurScratch scalar_scratch;
  for (int n = 0; n < 2000; ++n) {
    const TestImage source = TestImage::random(side(), side(), engine_, below(2) * below(30));
    const float sigma = static_cast<float>(below(1000)) / (n % 10 == 0 ? 12.0F : 400.0F);
    TestImage expected(source.height(), source.width());
    scalar::gaussian_blur(source, expected, scalar::blur_box(sigma), scalar_scratch);
    TestImage made(source.height(), source.width(), below(2) * below(30));
    gaussian_blur(source, made, sigma, scratch);
    ASSERT_TRUE(made == expected) << n << ": " << source.height() << "x" << source.width() << " by "
                                  << sigma;
    ASSERT_TRUE(made.guards_are_whole()) << n;
    TestImage in_place = source;
    gaussian_blur(in_place, in_place, sigma, scratch);
    ASSERT_TRUE(in_place == expected) << n;
  }
}

TEST(ResizeWeightsCache, AFailureLeavesNoMixedTables) {
  ResizeWeightsCache cache;
  // One for every entry of the cache.
  std::vector<ResizeAxis> axes;
  for (std::int64_t in = 1; in <= 32; ++in) {
    for (const bool mirrored : {false, true}) {
      axes.push_back({.in = in, .out = 1, .mirrored = mirrored});
      cache.get(axes.back());
    }
  }
  // More weights than a vector can hold.
  EXPECT_THROW(cache.get({.in = std::int64_t{1} << 62, .out = 1}), std::length_error);
  for (const ResizeAxis& axis : axes) {
    EXPECT_EQ(cache.get(axis).taps, axis.in);
  }
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, Kernels,
                         ::testing::ValuesIn(lightly::testing::simd_targets()),
                         lightly::testing::target_name);

}  // namespace
}  // namespace lightly::transforms::kernels
