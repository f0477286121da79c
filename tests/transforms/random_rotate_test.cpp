#include "lightly/transforms/random_rotate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/random_rotate_degrees.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::formula_image;
using lightly::testing::tensors_equal;

TEST(RandomRotate, TurnsByItsAngle) {
  const at::Tensor image = formula_image(0, {7, 5});
  core::Random random(1);
  EXPECT_TRUE(
      tensors_equal(RandomRotate({.prob = 1.0})(image, random), functional::rotate90(image)));
  for (const std::int64_t angle : {0, 90, 180, 270, -90, 450}) {
    EXPECT_TRUE(tensors_equal(RandomRotate({.prob = 1.0, .angle = angle})(image, random),
                              functional::rotate(image, static_cast<double>(angle))))
        << angle;
  }
}

TEST(RandomRotate, TurnsByWholeCirclesHoweverMany) {
  const at::Tensor image = formula_image(0, {7, 5});
  core::Random random(1);
  // The largest multiple of 360 and a quarter; the nearest double is no multiple of 90.
  constexpr std::int64_t kAngle = 9'223'372'036'854'775'800 - 270;
  EXPECT_TRUE(tensors_equal(RandomRotate({.prob = 1.0, .angle = kAngle})(image, random),
                            functional::rotate90(image)));
}

TEST(RandomRotate, RandomSignTurnsBothWaysEquallyOften) {
  const RandomRotate rotate({.prob = 0.4, .angle = 270, .random_sign = true});
  core::Random random(2);
  std::map<std::int64_t, int> counts;
  for (int i = 0; i < 10'000; ++i) {
    ++counts[rotate.sample(random)];
  }
  EXPECT_EQ(counts.size(), 3U);
  EXPECT_NEAR(counts[0], 6000, 200);
  EXPECT_NEAR(counts[270], 2000, 160);
  EXPECT_NEAR(counts[-270], 2000, 160);
}

TEST(RandomRotate, RejectsBadOptions) {
  EXPECT_EQ(error_text([] { RandomRotate({.prob = -0.5}); }),
            "RandomRotate: prob must be in [0, 1], got -0.5");
  EXPECT_EQ(error_text([] { RandomRotate({.angle = 45}); }),
            "RandomRotate: angle must be a multiple of 90, got 45");
  EXPECT_EQ(error_text([] { RandomRotate({.angle = std::numeric_limits<std::int64_t>::min()}); }),
            "RandomRotate: angle must be a multiple of 90, got -9223372036854775808");
}

TEST(RandomRotateDegrees, DrawsFromItsRange) {
  core::Random random(3);
  const RandomRotateDegrees symmetrical({.prob = 1.0, .degrees = 15});
  const RandomRotateDegrees range({.prob = 1.0, .degrees = {20, 30}});
  const RandomRotateDegrees fixed({.prob = 1.0, .degrees = {-7.5, -7.5}});
  double least = 0.0;
  double most = 0.0;
  for (int i = 0; i < 5000; ++i) {
    const double angle = symmetrical.sample(random).value();
    least = std::min(least, angle);
    most = std::max(most, angle);
    ASSERT_GE(range.sample(random).value(), 20.0);
    ASSERT_LE(range.sample(random).value(), 30.0);
    ASSERT_EQ(fixed.sample(random), -7.5);
  }
  EXPECT_GE(least, -15.0);
  EXPECT_LE(most, 15.0);
  EXPECT_NEAR(least, -15.0, 0.05);
  EXPECT_NEAR(most, 15.0, 0.05);
}

TEST(RandomRotateDegrees, TurnsByTheAngleDrawn) {
  const at::Tensor image = formula_image(0, {20, 15});
  const RandomRotateDegrees rotate({.prob = 0.5, .degrees = 180});
  int turned = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    core::Random a({.seed = 4, .index = i});
    core::Random b({.seed = 4, .index = i});
    const std::optional<double> angle = rotate.sample(a);
    turned += angle ? 1 : 0;
    ASSERT_TRUE(tensors_equal(rotate(image, b), angle ? functional::rotate(image, *angle) : image));
  }
  EXPECT_NEAR(turned, 50, 20);
}

TEST(RandomRotateDegrees, RejectsBadOptions) {
  const auto text = [](const RandomRotateDegreesOptions& options) {
    return error_text([&] { RandomRotateDegrees rotate(options); });
  };
  EXPECT_EQ(text({.prob = 2.0, .degrees = 10}),
            "RandomRotateDegrees: prob must be in [0, 1], got 2");
  EXPECT_EQ(text({.degrees = -5}),
            "RandomRotateDegrees: degrees must be -1e+06 <= low <= high <= 1e+06, got {5, -5}");
  EXPECT_EQ(text({.degrees = {10, 2}}),
            "RandomRotateDegrees: degrees must be -1e+06 <= low <= high <= 1e+06, got {10, 2}");
  EXPECT_EQ(text({.degrees = {0, 1e7}}),
            "RandomRotateDegrees: degrees must be -1e+06 <= low <= high <= 1e+06, got {0, 1e+07}");
  EXPECT_EQ(text({.degrees = {std::nan(""), 1}}),
            "RandomRotateDegrees: degrees must be -1e+06 <= low <= high <= 1e+06, got {nan, 1}");
}

}  // namespace
}  // namespace lightly::transforms
