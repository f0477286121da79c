#pragma once

#include <array>
#include <optional>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/multi_view_transform.hpp"
#include "lightly/transforms/normalization.hpp"
#include "lightly/transforms/random_rotate_degrees.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {

/// Names and defaults are lightly 1.6's, meanings and ranges those of SimCLRTransformOptions.
struct VICRegTransformOptions {
  Size input_size = 224;
  double cj_prob = 0.8;
  double cj_strength = 0.5;
  double cj_bright = 0.8;
  double cj_contrast = 0.8;
  double cj_sat = 0.4;
  double cj_hue = 0.2;
  double min_scale = 0.08;
  double random_gray_scale = 0.2;
  /// Probability of solarization, in [0, 1]; it comes before the blur.
  double solarize_prob = 0.1;
  double gaussian_blur = 0.5;
  std::array<double, 2> sigmas{0.1, 2.0};
  double vf_prob = 0.0;
  double hf_prob = 0.5;
  double rr_prob = 0.0;
  std::optional<DegreeRange> rr_degrees = std::nullopt;
  functional::PillowPassOrder pass_order = functional::PillowPassOrder::kCurrent;
  std::optional<Normalization> normalize = imagenet_normalize;

  /// Throws c10::ValueError that names the option out of bounds.
  void check() const;
};

/// Two of VICReg's views ([0] VICReg, 2021, arXiv:2105.04906), each an ImageView. Throws
/// c10::ValueError that names the option out of bounds. As lightly 1.6.
class VICRegTransform : public MultiViewTransform {
 public:
  explicit VICRegTransform(const VICRegTransformOptions& options = {});
};

}  // namespace lightly::transforms
