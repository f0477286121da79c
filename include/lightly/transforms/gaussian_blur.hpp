#pragma once

#include <array>
#include <optional>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"

namespace lightly::transforms {

/// How lightly up to 1.2.44 drew the blur: radius = floor(k / 2) with k normal around `kernel_size`
/// with standard deviation `scale` · `kernel_size`, clamped to one standard deviation.
///
/// At 224 px this gives radii of 8 to 13, which is more than the papers use.
struct EarlyBlurRadius {
  /// In pixels, in (0, 1e6]: a tenth of the view's longer side in the collate functions.
  double kernel_size = 1.0;
  /// In [0, 1].
  double scale = 0.2;
};

struct GaussianBlurOptions {
  /// Range of the standard deviation in pixels, drawn uniformly; 0 <= sigmas[0] <= sigmas[1] <=
  /// 1e6.
  std::array<double, 2> sigmas{0.2, 2.0};
  /// Probability of blurring, in [0, 1].
  double prob = 0.5;
  /// When given, used in place of `sigmas`.
  std::optional<EarlyBlurRadius> early_radius = std::nullopt;

  /// Throws c10::ValueError for a probability, range or kernel out of bounds.
  void check() const;
};

/// Blurs with a random radius, as lightly's GaussianBlur (since 1.2.45; or before, see
/// EarlyBlurRadius).
class GaussianBlur {
 public:
  explicit GaussianBlur(GaussianBlurOptions options = {});

  /// The standard deviation in pixels for functional::gaussian_blur, or nothing when the image
  /// stays as it is.
  std::optional<double> sample(core::Random& random) const;

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const GaussianBlurOptions& options() const { return options_; }

 private:
  GaussianBlurOptions options_;
};

}  // namespace lightly::transforms
