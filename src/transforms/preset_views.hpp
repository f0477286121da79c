#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lightly/core/check.hpp"
#include "lightly/transforms/color_jitter.hpp"
#include "lightly/transforms/image_view.hpp"
#include "lightly/transforms/multi_crop_transform.hpp"
#include "lightly/transforms/multi_view_transform.hpp"
#include "lightly/transforms/normalization.hpp"
#include "lightly/transforms/size.hpp"
#include "transforms/view_checks.hpp"

/// What the presets of views share.
namespace lightly::transforms {

/// An ImageView for each of `views`, all normalised in the same way. Throws c10::ValueError that
/// names the view with an option out of bounds; options that all views share are best checked
/// before.
MultiViewTransform image_views(std::string_view callee, std::vector<ImageViewOptions> views,
                               const std::optional<Normalization>& normalize);

/// The views of a MultiCropTransform.
MultiViewTransform multi_crop_views(std::string_view callee,
                                    const MultiCropTransformOptions& options);

/// As the public simclr_view.
ImageViewOptions simclr_view(std::string_view callee, const SimCLRViewOptions& options);

/// One kind of crops an entry.
struct CropKinds {
  const std::vector<Size>& sizes;
  const std::vector<std::int64_t>& counts;
  const std::vector<double>& min_scales;
  const std::vector<double>& max_scales;
};

struct Crop {
  Size size;
  std::array<double, 2> scale{};
};

/// One entry a view. Throws c10::ValueError when the kinds are out of bounds or of different
/// number.
std::vector<Crop> one_a_view(std::string_view callee, const CropKinds& kinds);

/// `view` at each of the crops.
std::vector<ImageViewOptions> at_crops(const ImageViewOptions& view,
                                       const std::vector<Crop>& crops);

/// The kinds of options that name them as lightly does.
template <typename Options>
CropKinds crop_kinds(const Options& options) {
  return {.sizes = options.crop_sizes,
          .counts = options.crop_counts,
          .min_scales = options.crop_min_scales,
          .max_scales = options.crop_max_scales};
}

/// What the options of all methods have in common.
template <typename Options>
ImageViewOptions jittered_view(const Options& options, const ColorJitterOptions& jitter) {
  return {.cj_prob = options.cj_prob,
          .cj_bright = jitter.brightness,
          .cj_contrast = jitter.contrast,
          .cj_sat = jitter.saturation,
          .cj_hue = jitter.hue,
          .random_gray_scale = options.random_gray_scale,
          .gaussian_blur = 0.0,
          .vf_prob = options.vf_prob,
          .hf_prob = options.hf_prob,
          .rr_prob = options.rr_prob,
          .sigmas = options.sigmas,
          .pass_order = options.pass_order};
}

/// What the options of the early collate functions of two views have in common, checked.
template <typename Options>
ImageViewOptions early_view(std::string_view callee, const Options& options,
                            const ColorJitterOptions& jitter) {
  ImageViewOptions view = jittered_view(options, jitter);
  view.input_size = options.input_size;
  view.min_scale = options.min_scale;
  view.gaussian_blur = options.gaussian_blur;
  view.kernel_size = options.kernel_size;
  view.early_blur_radius = options.early_blur_radius;
  view.normalize = options.normalize;
  check_view(callee, view);
  return view;
}

/// What the options of all presets since lightly 1.4 have in common, checked.
template <typename Options>
ImageViewOptions preset_view(std::string_view callee, const Options& options) {
  core::check_not_negative(callee, "cj_strength", options.cj_strength);
  const ColorJitterOptions jitter{.brightness = options.cj_strength * options.cj_bright,
                                  .contrast = options.cj_strength * options.cj_contrast,
                                  .saturation = options.cj_strength * options.cj_sat,
                                  .hue = options.cj_strength * options.cj_hue};
  check_strength(callee, "cj_strength * cj_bright", jitter.brightness);
  check_strength(callee, "cj_strength * cj_contrast", jitter.contrast);
  check_strength(callee, "cj_strength * cj_sat", jitter.saturation);
  check_hue_strength(callee, "cj_strength * cj_hue", jitter.hue);
  ImageViewOptions view = jittered_view(options, jitter);
  view.rr_degrees = options.rr_degrees;
  view.rotation = RotationPlace::kAfterFlips;
  check_view(callee, view);
  return view;
}

/// What the options of presets with one size of views have in common, checked.
template <typename Options>
ImageViewOptions sized_view(std::string_view callee, const Options& options) {
  ImageViewOptions view = preset_view(callee, options);
  view.input_size = options.input_size;
  view.min_scale = options.min_scale;
  view.gaussian_blur = options.gaussian_blur;
  check_view(callee, view);
  return view;
}

/// Two views of presets without any option more.
template <typename Options>
MultiViewTransform two_views(std::string_view callee, const Options& options) {
  const ImageViewOptions view = sized_view(callee, options);
  return image_views(callee, {view, view}, options.normalize);
}

}  // namespace lightly::transforms
