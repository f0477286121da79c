#include "transforms/view_checks.hpp"

#include <algorithm>
#include <cmath>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {
namespace {

// Drawn in float32, whose steps are still a sixteenth of a degree here.
constexpr double kMostDegrees = 1e6;
// What functional::gaussian_blur takes.
constexpr double kLargestSigma = functional::kLargestBlurRadius;

}  // namespace

void check_strength(std::string_view callee, std::string_view name, double strength) {
  TORCH_CHECK_VALUE(strength >= 0.0 && std::isfinite(static_cast<float>(strength)), callee, ": ",
                    name, " must be >= 0 and finite as a float32, got ", strength);
}

void check_hue_strength(std::string_view callee, std::string_view name, double strength) {
  TORCH_CHECK_VALUE(strength >= 0.0 && strength <= 0.5, callee, ": ", name,
                    " must be in [0, 0.5], got ", strength);
}

void check_sigmas(std::string_view callee, std::string_view name,
                  const std::array<double, 2>& sigmas) {
  const auto [low, high] = sigmas;
  TORCH_CHECK_VALUE(low >= 0.0 && low <= high && high <= kLargestSigma, callee, ": ", name,
                    " must be 0 <= low <= high <= ", kLargestSigma, ", got {", low, ", ", high,
                    "}");
}

void check_degrees(std::string_view callee, std::string_view name, const DegreeRange& degrees) {
  const auto [low, high] = degrees;
  TORCH_CHECK_VALUE(low >= -kMostDegrees && low <= high && high <= kMostDegrees, callee, ": ", name,
                    " must be ", -kMostDegrees, " <= low <= high <= ", kMostDegrees, ", got {", low,
                    ", ", high, "}");
}

void check_scale(std::string_view callee, std::string_view name,
                 const std::array<double, 2>& scale) {
  const auto [low, high] = scale;
  TORCH_CHECK_VALUE(low >= 0.0 && low <= high && high <= 1.0 && high > 0.0, callee, ": ", name,
                    " must be 0 <= low <= high <= 1 and high > 0, got {", low, ", ", high, "}");
}

void check_view(std::string_view callee, const ImageViewOptions& options) {
  check_size(callee, "input_size", options.input_size);
  core::check_probability(callee, "cj_prob", options.cj_prob);
  check_strength(callee, "cj_bright", options.cj_bright);
  check_strength(callee, "cj_contrast", options.cj_contrast);
  check_strength(callee, "cj_sat", options.cj_sat);
  check_hue_strength(callee, "cj_hue", options.cj_hue);
  core::check_probability(callee, "min_scale", options.min_scale);
  TORCH_CHECK_VALUE(options.max_scale > 0.0 && options.max_scale <= 1.0, callee,
                    ": max_scale must be in (0, 1], got ", options.max_scale);
  TORCH_CHECK_VALUE(options.min_scale <= options.max_scale, callee,
                    ": min_scale must be <= max_scale (", options.max_scale, "), got ",
                    options.min_scale);
  core::check_probability(callee, "random_gray_scale", options.random_gray_scale);
  core::check_probability(callee, "gaussian_blur", options.gaussian_blur);
  TORCH_CHECK_VALUE(options.kernel_size > 0.0 && options.kernel_size <= 1.0, callee,
                    ": kernel_size must be in (0, 1], got ", options.kernel_size);
  core::check_probability(callee, "vf_prob", options.vf_prob);
  core::check_probability(callee, "hf_prob", options.hf_prob);
  core::check_probability(callee, "rr_prob", options.rr_prob);
  if (options.rr_degrees) {
    check_degrees(callee, "rr_degrees", *options.rr_degrees);
  }
  check_sigmas(callee, "sigmas", options.sigmas);
  if (options.early_blur_radius) {
    const auto side = std::max(options.input_size.height, options.input_size.width);
    TORCH_CHECK_VALUE(options.kernel_size * static_cast<double>(side) <= kLargestSigma, callee,
                      ": kernel_size must be at most ", kLargestSigma, " px of a side, got ",
                      options.kernel_size, " of ", side, " px");
  }
  core::check_probability(callee, "solarization_prob", options.solarization_prob);
  TORCH_CHECK_VALUE(options.solarization_threshold >= 0 && options.solarization_threshold <= 256,
                    callee, ": solarization_threshold must be in [0, 256], got ",
                    options.solarization_threshold);
  if (options.normalize) {
    options.normalize->check();
  }
}

ImageViewOptions checked_view(std::string_view callee, const ImageViewOptions& options) {
  check_view(callee, options);
  return options;
}

void check_made(std::string_view prefix, std::int64_t view, const at::Tensor& made) {
  TORCH_CHECK_VALUE(made.defined(), prefix, "the transform of view ", view,
                    " must return uint8 or float32 [3, h, w] on the CPU, got no tensor");
  const bool fits = (made.scalar_type() == at::kByte || made.scalar_type() == at::kFloat) &&
                    made.dim() == 3 && made.size(0) == 3 && made.size(1) > 0 && made.size(2) > 0 &&
                    made.device().is_cpu();
  TORCH_CHECK_VALUE(fits, prefix, "the transform of view ", view,
                    " must return uint8 or float32 [3, h, w] on the CPU, got ", made.scalar_type(),
                    " ", made.sizes(), " on ", made.device());
}

bool has_each_step_once(const ColorJitter::Params& jitter) {
  return std::is_permutation(jitter.order.begin(), jitter.order.end(),
                             ColorJitter::Params().order.begin());
}

}  // namespace lightly::transforms
