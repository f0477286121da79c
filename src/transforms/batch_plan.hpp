#pragma once

#include <array>
#include <cstdint>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/util/ArrayRef.h>

#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/image_view.hpp"
#include "lightly/transforms/size.hpp"

/// BatchView in pieces. The views under way are float32 [3, B, h, w], contiguous: whole numbers in
/// [0, 255], the colours as planes.
namespace lightly::transforms::batch {

/// The samples that a step changes.
struct Subset {
  std::int64_t count = 0;
  /// int64 [count] on the device; not defined for all samples in their order.
  at::Tensor indices;
};

/// Where one side of each view lies in its image, in pixels, on the device; pixel k lies at k.
struct Axis {
  std::int64_t view_size = 0;
  /// Float32 [B]: the first position of the view, and from each to the next; how much wider than a
  /// pixel the filter laid over each is; the first and the last pixel of the crop.
  at::Tensor first;
  at::Tensor step;
  at::Tensor widening;
  at::Tensor begin;
  at::Tensor last;
  /// Float32 [B, view_size], for Interpolation::kNearest only, in place of the others: the pixels.
  at::Tensor nearest;
};

/// Turns on the spot.
struct Rotation {
  Subset samples;
  /// int64 [count], in units of 2^-16 px: pixel (x, y) comes from column + x * column_by_x + y *
  /// column_by_y, and in the same way from its row.
  at::Tensor column;
  at::Tensor column_by_x;
  at::Tensor column_by_y;
  at::Tensor row;
  at::Tensor row_by_x;
  at::Tensor row_by_y;
};

/// level + factor * (pixel - level), where level is black, the mean grey level of the view, or the
/// pixel in grey; every list float32 [count].
struct Blend {
  /// 1 for samples that this blend leaves as they are.
  at::Tensor factor;
  /// Shares of the two levels, 0 or 1.
  at::Tensor mean_gray;
  at::Tensor own_gray;
  /// Whether any sample is blended, and whether any with grey.
  bool is_used = false;
  bool needs_gray = false;
};

/// A sample goes through the blends in turn; its hue turns before one of them or after the last.
struct Jitter {
  static constexpr std::size_t kBlends = 3;

  /// Those whose hue turns before blend 0 first, and so on; those whose hue stays last.
  Subset samples;
  std::array<std::int64_t, kBlends + 1> hue_counts{};
  /// float32 [count]: whole numbers in [0, 255].
  at::Tensor hue_shift;
  std::array<Blend, kBlends> blends;
};

struct Blur {
  Subset samples;
  /// float32 [count]: the radius of the box that Pillow applies three times, in pixels.
  at::Tensor radius;
};

/// What happens to the images of a batch, in this order; the numbers are on the device.
struct Plan {
  functional::Interpolation interpolation = functional::Interpolation::kBilinear;
  Axis vertical;
  Axis horizontal;
  Rotation rotation;
  Jitter jitter;
  Subset gray;
  Blur blur;
  /// Before or after the blur, as the options say.
  Subset solarized;
};

/// What was drawn for the images of a batch, one a sample.
struct Drawn {
  at::ArrayRef<ImageView::Params> params;
  Size image_size;
  const ImageViewOptions& options;

  std::int64_t batch_size() const { return static_cast<std::int64_t>(params.size()); }
};

/// The plan for choices, checked: c10::ValueError tells the first that is out of bounds. Everything
/// goes to `device` in one copy that is not waited for.
Plan make_plan(const Drawn& drawn, const at::Device& device);

}  // namespace lightly::transforms::batch
