#pragma once

#include <array>
#include <optional>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"

namespace lightly::transforms {

struct ColorJitterOptions {
  /// Strength >= 0: the factor is uniform in [max(0, 1 - strength), 1 + strength]; 0 leaves the
  /// step out.
  double brightness = 0.0;
  double contrast = 0.0;
  double saturation = 0.0;
  /// In [0, 0.5]: the hue turns by a share of the circle uniform in [-hue, hue]; 0 leaves the step
  /// out.
  double hue = 0.0;

  /// Throws c10::ValueError for a strength that is negative or not finite as a float32, and for a
  /// hue outside [0, 0.5].
  void check() const;
};

/// Changes brightness, contrast, saturation and hue by random factors in random order, as
/// torchvision's ColorJitter.
class ColorJitter {
 public:
  enum class Step { kBrightness, kContrast, kSaturation, kHue };

  /// One draw: the order of the steps and the factor of each; a step without factor is left out.
  struct Params {
    std::array<Step, 4> order{Step::kBrightness, Step::kContrast, Step::kSaturation, Step::kHue};
    std::optional<double> brightness;
    std::optional<double> contrast;
    std::optional<double> saturation;
    std::optional<double> hue;
  };

  explicit ColorJitter(ColorJitterOptions options = {});

  Params sample(core::Random& random) const;

  /// The steps of `params` on the image. Throws c10::ValueError for an order that does not name
  /// each step once, and for factors out of bounds.
  static at::Tensor apply(const at::Tensor& image, const Params& params);

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const ColorJitterOptions& options() const { return options_; }

 private:
  ColorJitterOptions options_;
};

}  // namespace lightly::transforms
