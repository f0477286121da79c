#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/multi_view_transform.hpp"
#include "lightly/transforms/normalization.hpp"
#include "lightly/transforms/random_rotate_degrees.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {

/// Names and defaults are lightly 1.6's, meanings and ranges those of SimCLRTransformOptions.
struct DINOTransformOptions {
  /// Size of the two global views in pixels.
  Size global_crop_size = 224;
  /// Range of the share of the image's area that a global view shows, within [0, 1].
  std::array<double, 2> global_crop_scale{0.4, 1.0};
  Size local_crop_size = 96;
  std::array<double, 2> local_crop_scale{0.05, 0.4};
  /// >= 0.
  std::int64_t n_local_views = 6;
  double hf_prob = 0.5;
  double vf_prob = 0.0;
  double rr_prob = 0.0;
  std::optional<DegreeRange> rr_degrees = std::nullopt;
  double cj_prob = 0.8;
  double cj_strength = 0.5;
  double cj_bright = 0.8;
  double cj_contrast = 0.8;
  double cj_sat = 0.4;
  double cj_hue = 0.2;
  double random_gray_scale = 0.2;
  /// Of the first global view, the second, and the local views.
  std::array<double, 3> gaussian_blur{1.0, 0.1, 0.5};
  std::array<double, 2> sigmas{0.1, 2.0};
  /// Of the second global view, in [0, 1]; the others are never solarized.
  double solarization_prob = 0.2;
  functional::PillowPassOrder pass_order = functional::PillowPassOrder::kCurrent;
  std::optional<Normalization> normalize = imagenet_normalize;

  /// Throws c10::ValueError that names the option out of bounds.
  void check() const;
};

/// DINO's two global views, then its local ones ([0] DINO, 2021, arXiv:2104.14294), each an
/// ImageView; crops are resized bicubically.
///
/// Throws c10::ValueError that names the option out of bounds. As lightly 1.6; differs: cj_strength
/// reaches the second global view too.
class DINOTransform : public MultiViewTransform {
 public:
  explicit DINOTransform(const DINOTransformOptions& options = {});
};

}  // namespace lightly::transforms
