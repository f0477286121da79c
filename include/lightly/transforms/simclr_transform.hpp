#pragma once

#include <array>
#include <optional>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/multi_view_transform.hpp"
#include "lightly/transforms/normalization.hpp"
#include "lightly/transforms/random_rotate_degrees.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {

/// Names and defaults are lightly 1.6's. So are those of the other presets, whose fields mean the
/// same.
struct SimCLRTransformOptions {
  /// Size of a view in pixels: one number for a square, or `{height, width}`.
  Size input_size = 224;
  /// Probability of colour jitter, in [0, 1].
  double cj_prob = 0.8;
  /// Multiplies the next four; >= 0. For small images such as CIFAR's 0.5 is recommended.
  double cj_strength = 1.0;
  /// Strengths of the jitter, see ColorJitterOptions; cj_strength * cj_hue in [0, 0.5].
  double cj_bright = 0.8;
  double cj_contrast = 0.8;
  double cj_sat = 0.8;
  double cj_hue = 0.2;
  /// Least share of the image's area that a view shows, in [0, 1].
  double min_scale = 0.08;
  /// Probability of losing the colour, in [0, 1].
  double random_gray_scale = 0.2;
  /// Probability of blurring, in [0, 1].
  double gaussian_blur = 0.5;
  /// Range of the blur's standard deviation in pixels.
  std::array<double, 2> sigmas{0.1, 2.0};
  /// Probability of mirroring top and bottom, in [0, 1].
  double vf_prob = 0.0;
  /// Probability of mirroring left and right, in [0, 1].
  double hf_prob = 0.5;
  /// Probability of a turn, in [0, 1].
  double rr_prob = 0.0;
  /// Range of the angle in degrees counter-clockwise; none: always 90.
  std::optional<DegreeRange> rr_degrees = std::nullopt;
  /// Which Pillow's resize to equal.
  functional::PillowPassOrder pass_order = functional::PillowPassOrder::kCurrent;
  /// None: pixels / 255 only.
  std::optional<Normalization> normalize = imagenet_normalize;

  /// Throws c10::ValueError that names the option out of bounds.
  void check() const;
};

/// Two of SimCLR's views ([0] SimCLR, 2020, arXiv:2002.05709; [1] v2, 2020, arXiv:2006.10029), each
/// an ImageView. Throws c10::ValueError that names the option out of bounds. As lightly 1.6.
class SimCLRTransform : public MultiViewTransform {
 public:
  explicit SimCLRTransform(const SimCLRTransformOptions& options = {});
};

}  // namespace lightly::transforms
