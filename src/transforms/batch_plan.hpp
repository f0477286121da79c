#pragma once

#include <array>
#include <cstdint>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/util/ArrayRef.h>

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

/// Where one side of each view lies in its image; every list float32 [B] on the device, in pixels.
struct Axis {
  std::int64_t view_size = 0;
  /// The first position of the view, and from each to the next; pixel k lies at k.
  at::Tensor first;
  at::Tensor step;
  /// Half the width of the triangle that is laid over each position.
  at::Tensor support;
  /// The first and the last pixel of the crop.
  at::Tensor begin;
  at::Tensor last;
};

/// Turns on the spot.
struct Rotation {
  Subset samples;
  /// int64 [count], in units of 2^-16 px: the place (column, row) that pixel (x, y) comes from is
  /// origin + x * by_x + y * by_y.
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
  Axis vertical;
  Axis horizontal;
  Rotation rotation;
  Jitter jitter;
  Subset gray;
  Blur blur;
};

/// The plan for `params`, one a sample, checked: c10::ValueError names the first that is out of
/// bounds. Everything goes to `device` in one copy that is not waited for.
Plan make_plan(at::ArrayRef<ImageView::Params> params, const Size& image_size,
               const Size& view_size, const at::Device& device);

}  // namespace lightly::transforms::batch
