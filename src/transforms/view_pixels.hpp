#pragma once

#include <string_view>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/image_view.hpp"
#include "transforms/kernels/point_ops.hpp"
#include "transforms/kernels/resize.hpp"

/// What the functions of functional.hpp and ImageView share: checked parameters in the terms of the
/// kernels, and a view made without tensors.
namespace lightly::transforms {
namespace functional {

/// Where a parameter is written, for errors: `callee: name ...`.
struct Parameter {
  std::string_view callee;
  std::string_view name;
};

/// Throws c10::ValueError that names `where` unless `factor` is finite and >= 0.
float checked_factor(const Parameter& where, double factor);

/// Throws c10::ValueError that names `where` unless `factor` is in [-0.5, 0.5].
kernels::HueShift hue_shift(const Parameter& where, double factor);

/// Throws c10::ValueError that names `where` unless `radius` is in [0, kLargestBlurRadius].
float checked_radius(const Parameter& where, double radius);

/// Throws c10::ValueError that names `where` unless `degrees` is finite.
double checked_degrees(const Parameter& where, double degrees);

/// The floats of `slot`; throws c10::ValueError that names `callee` unless it is float32
/// [3, height, width] on the CPU, no two of its elements in one place by a stride of 0.
kernels::FloatImage checked_slot(std::string_view callee, const at::Tensor& slot, const Size& size);

/// Throws c10::ValueError for a normalization out of its range.
kernels::Normalizer normalizer(const Normalization& normalization);

/// As normalizer(); this thread's last one is kept. Valid until the thread's next call.
const kernels::Normalizer& last_normalizer(const Normalization& normalization);

/// Which pass comes first, with which filter, without flips; for all but nearest.
kernels::ResizeStyle resize_style(const kernels::ConstImage& source, const kernels::Image& target,
                                  const Resampling& resampling);

void resize_pixels(const kernels::ConstImage& source, const kernels::Image& target,
                   const Resampling& resampling, kernels::ResizeScratch& scratch);

}  // namespace functional

/// The view that `params` describe, to `target` of the view's size.
void write_view(const ImageView& view, const at::Tensor& image, const ImageView::Params& params,
                const kernels::Image& target);

/// As floats, written straight from the last step.
void write_view(const ImageView& view, const at::Tensor& image, const ImageView::Params& params,
                const kernels::Normalizer& normalizer, const kernels::FloatImage& target);

}  // namespace lightly::transforms
