#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"
#include "lightly/transforms/color_jitter.hpp"
#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/gaussian_blur.hpp"
#include "lightly/transforms/normalization.hpp"
#include "lightly/transforms/random_grayscale.hpp"
#include "lightly/transforms/random_horizontal_flip.hpp"
#include "lightly/transforms/random_resized_crop.hpp"
#include "lightly/transforms/random_rotate_degrees.hpp"
#include "lightly/transforms/random_solarization.hpp"
#include "lightly/transforms/random_vertical_flip.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {

/// When a view is turned; it matters for a view that is mirrored too.
enum class RotationPlace {
  /// As lightly 1.1's ImageCollateFunction.
  kBeforeFlips,
  /// As lightly 1.6's transforms.
  kAfterFlips,
};

/// When a view is solarized.
enum class SolarizationPlace {
  /// As in BYOL and DINO.
  kAfterBlur,
  /// As in VICReg.
  kBeforeBlur,
};

/// What the views of an ImageCollateFunction are made with; names and defaults are lightly 1.1's,
/// and what other recipes need besides is off.
struct ImageViewOptions {
  /// Size of the view in pixels: one number for a square, or `{height, width}`.
  Size input_size = 64;
  /// Probability of colour jitter, in [0, 1].
  double cj_prob = 0.8;
  /// Strengths of the jitter, see ColorJitterOptions.
  double cj_bright = 0.7;
  double cj_contrast = 0.7;
  double cj_sat = 0.7;
  double cj_hue = 0.2;
  /// Least share of the image's area that a view shows, in [0, 1].
  double min_scale = 0.15;
  /// Largest share, in (0, 1] and >= min_scale.
  double max_scale = 1.0;
  /// Probability of losing the colour, in [0, 1].
  double random_gray_scale = 0.2;
  /// Probability of blurring, in [0, 1].
  double gaussian_blur = 0.5;
  /// Blur kernel as a share of the longer side of the view, in (0, 1]; used by `early_blur_radius`
  /// only.
  double kernel_size = 0.1;
  /// Probability of mirroring top and bottom, in [0, 1].
  double vf_prob = 0.0;
  /// Probability of mirroring left and right, in [0, 1].
  double hf_prob = 0.5;
  /// Probability of a turn, in [0, 1].
  double rr_prob = 0.0;
  /// Range of the angle in degrees counter-clockwise, as in lightly since 1.4; none: always 90.
  std::optional<DegreeRange> rr_degrees = std::nullopt;
  RotationPlace rotation = RotationPlace::kBeforeFlips;
  /// Range of the blur's standard deviation in pixels, as in lightly since 1.2.45.
  std::array<double, 2> sigmas{0.2, 2.0};
  /// Draw the blur by `kernel_size`, as lightly up to 1.2.44 did; see EarlyBlurRadius.
  bool early_blur_radius = false;
  /// Probability of solarization, in [0, 1].
  double solarization_prob = 0.0;
  /// The least byte that is inverted, in [0, 256].
  std::int64_t solarization_threshold = 128;
  SolarizationPlace solarization = SolarizationPlace::kAfterBlur;
  /// How the crop is resized.
  functional::Interpolation interpolation = functional::Interpolation::kBilinear;
  /// Which Pillow's resize to equal. BatchView ignores it: it is close to both and equals neither
  /// bit for bit.
  functional::PillowPassOrder pass_order = functional::PillowPassOrder::kCurrent;
  /// How apply_into, a BatchView and an ImageCollateFunction make floats of the view's bytes; none:
  /// pixels / 255 only. Among the transforms of a MultiViewTransform, and so in any collate
  /// function that takes one, the `normalize` of that counts instead.
  std::optional<Normalization> normalize = imagenet_normalize;

  /// Throws c10::ValueError that names the field out of bounds.
  void check() const;
};

/// What the views of a SimCLRCollateFunction are made with; names and defaults are lightly 1.1's,
/// meanings and ranges those of ImageViewOptions.
struct SimCLRViewOptions {
  Size input_size = 224;
  double cj_prob = 0.8;
  /// Strength of the jitter, in [0, 2.5]: brightness, contrast and saturation 0.8 times this, hue
  /// 0.2 times.
  double cj_strength = 0.5;
  double min_scale = 0.08;
  double random_gray_scale = 0.2;
  double gaussian_blur = 0.5;
  double kernel_size = 0.1;
  double vf_prob = 0.0;
  double hf_prob = 0.5;
  double rr_prob = 0.0;
  std::array<double, 2> sigmas{0.2, 2.0};
  bool early_blur_radius = false;
  functional::PillowPassOrder pass_order = functional::PillowPassOrder::kCurrent;
  std::optional<Normalization> normalize = imagenet_normalize;

  /// Throws c10::ValueError that names the field out of bounds.
  void check() const;
};

/// SimCLR's view in the terms of ImageView ([0] SimCLR, 2020, arXiv:2002.05709, appendix A).
/// Throws c10::ValueError that names the field out of bounds.
ImageViewOptions simclr_view(const SimCLRViewOptions& options);

/// One random view of an image: uint8 [3, H, W] in, uint8 [3, h, w] of `input_size` out.
///
/// In this order: RandomResizedCrop, RandomRotateDegrees, RandomHorizontalFlip, RandomVerticalFlip,
/// ColorJitter (with probability cj_prob), RandomGrayscale, GaussianBlur, RandomSolarization;
/// `rotation` and `solarization` move two of them. As the transform of lightly 1.1's
/// ImageCollateFunction without its last two steps, ToTensor and Normalize.
class ImageView {
 public:
  /// All that was drawn for one view.
  struct Params {
    Box crop;
    /// Degrees counter-clockwise.
    std::optional<double> rotate = std::nullopt;
    bool hflip = false;
    bool vflip = false;
    std::optional<ColorJitter::Params> jitter = std::nullopt;
    bool gray = false;
    /// Standard deviation in pixels.
    std::optional<double> blur = std::nullopt;
    bool solarize = false;
  };

  explicit ImageView(ImageViewOptions options = {});

  /// The choices for one view of an image of that size; applying them needs no randomness.
  Params sample(const Size& image_size, core::Random& random) const;

  /// The view that `params` describe.
  at::Tensor apply(const at::Tensor& image, const Params& params) const;

  /// The view that `params` describe as floats, normalised by the options, written into `slot`:
  /// float32 [3, h, w] on the CPU of any strides (fastest in channels-last memory). Equal to
  /// functional::to_float_normalize_into of apply(), faster.
  void apply_into(const at::Tensor& image, const Params& params, const at::Tensor& slot) const;

  at::Tensor operator()(const at::Tensor& image, core::Random& random) const;

  const ImageViewOptions& options() const { return options_; }

 private:
  ImageViewOptions options_;
  RandomResizedCrop crop_;
  RandomRotateDegrees rotate_;
  RandomHorizontalFlip hflip_;
  RandomVerticalFlip vflip_;
  ColorJitter jitter_;
  RandomGrayscale gray_;
  GaussianBlur blur_;
  RandomSolarization solarize_;
};

}  // namespace lightly::transforms
