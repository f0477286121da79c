#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/multi_view_transform.hpp"
#include "lightly/transforms/normalization.hpp"
#include "lightly/transforms/random_rotate_degrees.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {

/// Names and defaults are lightly 1.6's, meanings and ranges those of MultiCropTransformOptions and
/// SimCLRTransformOptions.
struct SwaVTransformOptions {
  std::vector<Size> crop_sizes = {224, 96};
  std::vector<std::int64_t> crop_counts = {2, 6};
  std::vector<double> crop_min_scales = {0.14, 0.05};
  std::vector<double> crop_max_scales = {1.0, 0.14};
  double hf_prob = 0.5;
  double vf_prob = 0.0;
  double rr_prob = 0.0;
  std::optional<DegreeRange> rr_degrees = std::nullopt;
  double cj_prob = 0.8;
  double cj_strength = 1.0;
  double cj_bright = 0.8;
  double cj_contrast = 0.8;
  double cj_sat = 0.8;
  double cj_hue = 0.2;
  double random_gray_scale = 0.2;
  double gaussian_blur = 0.5;
  std::array<double, 2> sigmas{0.1, 2.0};
  functional::PillowPassOrder pass_order = functional::PillowPassOrder::kCurrent;
  std::optional<Normalization> normalize = imagenet_normalize;

  /// Throws c10::ValueError that names the option out of bounds.
  void check() const;
};

/// SwaV's large and small crops ([0] SwAV, 2020, arXiv:2006.09882), each an ImageView. The views
/// are those of the first kind, then those of the second, ...
///
/// Throws c10::ValueError for lists of different lengths and names the option out of bounds. As
/// lightly 1.6.
class SwaVTransform : public MultiViewTransform {
 public:
  explicit SwaVTransform(const SwaVTransformOptions& options = {});
};

}  // namespace lightly::transforms
