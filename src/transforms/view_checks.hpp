#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "lightly/transforms/color_jitter.hpp"
#include "lightly/transforms/image_view.hpp"
#include "lightly/transforms/random_rotate_degrees.hpp"

/// Checks that several transforms share. A check_... throws c10::ValueError, with the text `callee:
/// rule, got value`, in which callee and name are what the user wrote.
namespace lightly::transforms {

/// Of brightness, contrast or saturation: >= 0, and finite in float32, in which factors are drawn.
void check_strength(std::string_view callee, std::string_view name, double strength);

/// In [0, 0.5].
void check_hue_strength(std::string_view callee, std::string_view name, double strength);

/// 0 <= low <= high <= functional::kLargestBlurRadius.
void check_sigmas(std::string_view callee, std::string_view name,
                  const std::array<double, 2>& sigmas);

/// -1e6 <= low <= high <= 1e6.
void check_degrees(std::string_view callee, std::string_view name, const DegreeRange& degrees);

/// 0 <= low <= high <= 1 and high > 0.
void check_scale(std::string_view callee, std::string_view name,
                 const std::array<double, 2>& scale);

/// Every option of a view.
void check_view(std::string_view callee, const ImageViewOptions& options);

/// The options after check_view, for a constructor that hands them on.
ImageViewOptions checked_view(std::string_view callee, const ImageViewOptions& options);

/// What the transform of view `view` returned: uint8 or float32 [3, h, w] on the CPU. The text
/// follows `prefix`, which may be empty.
void check_made(std::string_view prefix, std::int64_t view, const at::Tensor& made);

/// Whether the order of the jitter has each step once.
bool has_each_step_once(const ColorJitter::Params& jitter);

}  // namespace lightly::transforms
