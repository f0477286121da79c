#pragma once

#include <array>
#include <optional>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/multi_view_transform.hpp"
#include "lightly/transforms/normalization.hpp"
#include "lightly/transforms/random_rotate_degrees.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {

/// Names and defaults are lightly 1.6's, meanings and ranges those of SimCLRTransformOptions;
/// solarization_prob in [0, 1].
struct BYOLView1TransformOptions {
  Size input_size = 224;
  double cj_prob = 0.8;
  double cj_strength = 1.0;
  double cj_bright = 0.4;
  double cj_contrast = 0.4;
  double cj_sat = 0.2;
  double cj_hue = 0.1;
  double min_scale = 0.08;
  double random_gray_scale = 0.2;
  double gaussian_blur = 1.0;
  double solarization_prob = 0.0;
  std::array<double, 2> sigmas{0.1, 2.0};
  double vf_prob = 0.0;
  double hf_prob = 0.5;
  double rr_prob = 0.0;
  std::optional<DegreeRange> rr_degrees = std::nullopt;
  functional::PillowPassOrder pass_order = functional::PillowPassOrder::kCurrent;

  /// Throws c10::ValueError that names the option out of bounds.
  void check() const;
};

/// As BYOLView1TransformOptions, for the second view.
struct BYOLView2TransformOptions {
  Size input_size = 224;
  double cj_prob = 0.8;
  double cj_strength = 1.0;
  double cj_bright = 0.4;
  double cj_contrast = 0.4;
  double cj_sat = 0.2;
  double cj_hue = 0.1;
  double min_scale = 0.08;
  double random_gray_scale = 0.2;
  double gaussian_blur = 0.1;
  double solarization_prob = 0.2;
  std::array<double, 2> sigmas{0.1, 2.0};
  double vf_prob = 0.0;
  double hf_prob = 0.5;
  double rr_prob = 0.0;
  std::optional<DegreeRange> rr_degrees = std::nullopt;
  functional::PillowPassOrder pass_order = functional::PillowPassOrder::kCurrent;

  /// Throws c10::ValueError that names the option out of bounds.
  void check() const;
};

struct BYOLTransformOptions {
  BYOLView1TransformOptions view_1_transform = {};
  BYOLView2TransformOptions view_2_transform = {};
  /// Of both views, where lightly has one each; none: pixels / 255 only.
  std::optional<Normalization> normalize = imagenet_normalize;

  /// Throws c10::ValueError that names the option out of bounds.
  void check() const;
};

/// BYOL's two views ([0] BYOL, 2020, arXiv:2006.07733), each an ImageView: the first is always
/// blurred, the second seldom, and solarized at times. Throws c10::ValueError that names the option
/// out of bounds. As lightly 1.6.
class BYOLTransform : public MultiViewTransform {
 public:
  explicit BYOLTransform(const BYOLTransformOptions& options = {});
};

}  // namespace lightly::transforms
