// What our transforms draw is distributed as what lightly and torchvision draw.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "lightly/transforms/color_jitter.hpp"
#include "lightly/transforms/gaussian_blur.hpp"
#include "lightly/transforms/jigsaw.hpp"
#include "lightly/transforms/random_apply.hpp"
#include "lightly/transforms/random_choice.hpp"
#include "lightly/transforms/random_grayscale.hpp"
#include "lightly/transforms/random_horizontal_flip.hpp"
#include "lightly/transforms/random_resized_crop.hpp"
#include "lightly/transforms/random_rotate.hpp"
#include "lightly/transforms/random_rotate_degrees.hpp"
#include "lightly/transforms/random_solarization.hpp"
#include "lightly/transforms/random_vertical_flip.hpp"
#include "support/matchers.hpp"

namespace lightly::transforms {
namespace {

using Draw = std::function<double(core::Random&)>;

const core::Safetensors& golden_histograms() {
  static const core::Safetensors content =
      lightly::testing::load_golden("transforms/samplers_lightly_1.6.0.safetensors");
  return content;
}

// As many draws as the golden histogram `name` is made of, each from a stream of its own as the
// samples of a data set are, in the same bins.
std::vector<std::int64_t> histogram(const std::string& name, const Draw& draw) {
  const double* range = golden_histograms().at(name + ".range").const_data_ptr<double>();
  const at::Tensor counts = golden_histograms().at(name + ".counts");
  const auto bins = static_cast<double>(counts.numel());
  std::vector<std::int64_t> result(static_cast<std::size_t>(counts.numel()));
  const auto draws = counts.sum().item<std::int64_t>();
  for (std::int64_t i = 0; i < draws; ++i) {
    core::Random random({.index = static_cast<std::uint64_t>(i)});
    const double value = draw(random);
    EXPECT_TRUE(value >= range[0] && value <= range[1]) << name << " gave " << value;
    const double bin = (value - range[0]) / (range[1] - range[0]) * bins;
    ++result[static_cast<std::size_t>(std::clamp(bin, 0.0, bins - 1.0))];
  }
  return result;
}

struct ChiSquare {
  double value = 0.0;
  // What equal distributions exceed about once in ten thousand times.
  double bound = 0.0;
};

// Of two samples of equal size; bins of too few draws count as one.
ChiSquare difference_to_golden(const std::string& name, const std::vector<std::int64_t>& ours) {
  const std::int64_t* theirs =
      golden_histograms().at(name + ".counts").const_data_ptr<std::int64_t>();
  ChiSquare result;
  double freedom = -1.0;
  const auto add = [&](double a, double b) {
    if (a + b > 0.0) {
      result.value += (a - b) * (a - b) / (a + b);
      freedom += 1.0;
    }
  };
  std::array<double, 2> rest{};
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const auto a = static_cast<double>(ours[i]);
    const auto b = static_cast<double>(theirs[i]);
    if (a + b < 20.0) {
      rest[0] += a;
      rest[1] += b;
    } else {
      add(a, b);
    }
  }
  add(rest[0], rest[1]);
  // Wilson and Hilferty, 1931; 3.719 is the normal quantile.
  const double part = 2.0 / (9.0 * freedom);
  result.bound = freedom * std::pow(1.0 - part + 3.719 * std::sqrt(part), 3.0);
  return result;
}

void expect_alike(const std::string& name, const Draw& draw) {
  const ChiSquare difference = difference_to_golden(name, histogram(name, draw));
  EXPECT_LT(difference.value, difference.bound) << name;
}

// The place of a permutation of 0, 1, 2, 3 among all, sorted.
int rank(const std::array<ColorJitter::Step, 4>& order) {
  std::array<int, 4> sorted{0, 1, 2, 3};
  int place = 0;
  while (!std::equal(sorted.begin(), sorted.end(), order.begin(),
                     [](int a, ColorJitter::Step b) { return a == static_cast<int>(b); })) {
    std::next_permutation(sorted.begin(), sorted.end());
    ++place;
  }
  return place;
}

TEST(Samplers, ApplyAsOftenAsPythonDoes) {
  constexpr double kP = 0.3;
  expect_alike("rotate.applied",
               [t = RandomRotate({.prob = kP})](auto& r) { return t.sample(r) != 0; });
  expect_alike("rotate_degrees.applied",
               [t = RandomRotateDegrees({.prob = kP, .degrees = {-10, 30}})](auto& r) {
                 return t.sample(r).has_value();
               });
  expect_alike("solarization.applied",
               [t = RandomSolarization({.prob = kP})](auto& r) { return t.sample(r); });
  expect_alike("blur.applied",
               [t = GaussianBlur({.prob = kP})](auto& r) { return t.sample(r).has_value(); });
  expect_alike("hflip.applied",
               [t = RandomHorizontalFlip({.p = kP})](auto& r) { return t.sample(r); });
  expect_alike("vflip.applied",
               [t = RandomVerticalFlip({.p = kP})](auto& r) { return t.sample(r); });
  expect_alike("grayscale.applied",
               [t = RandomGrayscale({.p = kP})](auto& r) { return t.sample(r); });
  expect_alike("apply.applied",
               [t = RandomApply({.transforms = {}, .p = kP})](auto& r) { return t.sample(r); });
}

TEST(Samplers, AnglesAreLightlys) {
  expect_alike("rotate_degrees.range",
               [t = RandomRotateDegrees({.prob = 1.0, .degrees = {-10, 30}})](auto& r) {
                 return t.sample(r).value();
               });
  expect_alike("rotate_degrees.symmetrical",
               [t = RandomRotateDegrees({.prob = 1.0, .degrees = 15})](auto& r) {
                 return t.sample(r).value();
               });
}

TEST(Samplers, BlurIsLightlys) {
  expect_alike("blur.sigma", [t = GaussianBlur({.sigmas = {0.2, 2.0}, .prob = 1.0})](auto& r) {
    return t.sample(r).value();
  });
  expect_alike("blur.early_radius",
               [t = GaussianBlur({.prob = 1.0, .early_radius = EarlyBlurRadius{22.4}})](auto& r) {
                 return t.sample(r).value();
               });
}

TEST(Samplers, ChoicesAreTorchvisions) {
  const std::vector<ImageTransform> four(4, RandomHorizontalFlip());
  const auto draw = [](const RandomChoice& choice) {
    return [choice](core::Random& r) { return static_cast<double>(choice.sample(r)); };
  };
  expect_alike("choice", draw(RandomChoice({.transforms = four})));
  expect_alike("choice.weighted",
               draw(RandomChoice({.transforms = four, .p = {0.5, 2.0, 0.0, 1.5}})));
}

TEST(Samplers, JitterIsTorchvisions) {
  const ColorJitter jitter({.brightness = 0.4, .contrast = 1.5, .saturation = 0.2, .hue = 0.1});
  expect_alike("jitter.order", [&](auto& r) { return rank(jitter.sample(r).order); });
  expect_alike("jitter.brightness", [&](auto& r) { return jitter.sample(r).brightness.value(); });
  expect_alike("jitter.contrast", [&](auto& r) { return jitter.sample(r).contrast.value(); });
  expect_alike("jitter.saturation", [&](auto& r) { return jitter.sample(r).saturation.value(); });
  expect_alike("jitter.hue", [&](auto& r) { return jitter.sample(r).hue.value(); });
}

TEST(Samplers, CropsAreTorchvisions) {
  const RandomResizedCrop crop;
  const auto draw = [&](const std::function<double(const Box&)>& value) {
    return [&crop, value](core::Random& r) { return value(crop.sample({375, 500}, r)); };
  };
  expect_alike("crop.area", draw([](const Box& box) {
                 return static_cast<double>(box.height * box.width) / (375.0 * 500.0);
               }));
  expect_alike("crop.log_aspect", draw([](const Box& box) {
                 return std::log(static_cast<double>(box.width) / static_cast<double>(box.height));
               }));
  expect_alike("crop.top", draw([](const Box& box) { return static_cast<double>(box.top); }));
  expect_alike("crop.left", draw([](const Box& box) { return static_cast<double>(box.left); }));
}

TEST(Samplers, JigsawIsLightlys) {
  const Jigsaw jigsaw({.n_grid = 3, .img_size = 60, .crop_size = 10});
  const auto draw = [&](std::size_t crop, std::int64_t (*value)(const Box&)) {
    return [&jigsaw, crop, value](core::Random& r) {
      return static_cast<double>(value(jigsaw.sample(r)[crop]));
    };
  };
  const auto cell = [](const Box& box) { return box.top / 20 * 3 + box.left / 20; };
  expect_alike("jigsaw.first_cell", draw(0, cell));
  expect_alike("jigsaw.last_cell", draw(8, cell));
  expect_alike("jigsaw.down", draw(4, [](const Box& box) { return box.top % 20; }));
  expect_alike("jigsaw.right", draw(4, [](const Box& box) { return box.left % 20; }));
}

TEST(Samplers, TheComparisonSeesSmallDifferences) {
  // Ranges two hundredths too narrow, a step that comes first too often, a probability of 0.32.
  const auto difference = [](const std::string& name, const Draw& draw) {
    const ChiSquare result = difference_to_golden(name, histogram(name, draw));
    return result.value / result.bound;
  };
  EXPECT_GT(difference("jitter.brightness",
                       [](auto& r) {
                         return ColorJitter({.brightness = 0.392}).sample(r).brightness.value();
                       }),
            1.0);
  EXPECT_GT(
      difference("choice", [](auto& r) { return r.uniform() < 0.27 ? 0.0 : 1.0 + r.below(3); }),
      1.0);
  EXPECT_GT(difference("hflip.applied", [](auto& r) { return r.bernoulli(0.32); }), 1.0);
}

}  // namespace
}  // namespace lightly::transforms
