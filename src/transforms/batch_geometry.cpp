#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/round.h>

#include "transforms/batch_steps.hpp"

namespace lightly::transforms::batch {
namespace {

at::Tensor column(const at::Tensor& list) {
  return list.view({-1, 1});
}

// 0, 1, ..., count - 1 as [1, count].
at::Tensor positions(std::int64_t count, const at::TensorOptions& options) {
  return at::arange(count, options).unsqueeze(0);
}

// [B, view_size, image_size]: how much of each pixel is in each position of the view, as Pillow's
// resize with antialiasing has it; `sum` together.
at::Tensor triangle_weights(const Axis& axis, std::int64_t image_size, double sum) {
  const at::TensorOptions options = axis.first.options();
  const at::Tensor support = column(axis.support);
  const at::Tensor centre =
      column(axis.first) + column(axis.step) * positions(axis.view_size, options);
  // Pixels outside the crop are as far away as it takes.
  constexpr double kFar = 1e9;
  at::Tensor pixel = positions(image_size, options);
  const at::Tensor outside = pixel - pixel.clamp(column(axis.begin), column(axis.last));
  pixel = pixel + outside * kFar;
  // The weight 1 - |distance|, negated: the sign goes with the division by the sum.
  at::Tensor weights = (pixel / support).unsqueeze(1) - (centre / support).unsqueeze(2);
  weights.abs_().sub_(1.0).clamp_max_(0.0);
  return weights.div_(weights.sum(/*dim=*/2, /*keepdim=*/true).div_(sum));
}

// [N, size, size]: three box filters with the border repeated, one after the other.
at::Tensor blur_weights(const at::Tensor& radius, std::int64_t size) {
  const at::Tensor from = positions(size, radius.options());
  const at::Tensor distance = (from - from.t()).abs_();
  const at::Tensor reach = column(radius);
  // A pixel of the box counts 1, of either end what the radius has beyond whole pixels.
  at::Tensor box = ((reach + 1.0).unsqueeze(2) - distance).clamp_(0.0, 1.0);
  box.select(2, 0).add_((reach - from).clamp_min_(0.0));
  box.select(2, size - 1).add_((reach + 1.0 - size + from).clamp_min_(0.0));
  box.div_((reach * 2.0 + 1.0).unsqueeze(2));
  return at::bmm(at::bmm(box, box), box);
}

}  // namespace

at::Tensor resample(const at::Tensor& images, const Plan& plan) {
  const bool is_bytes = images.scalar_type() == at::kByte;
  // A hair more than 1, so that halves are rounded up, as Pillow does.
  constexpr double kOne = 1.0 + 0x1p-20;
  const at::Tensor down = triangle_weights(plan.vertical, images.size(2), kOne);
  const at::Tensor across =
      triangle_weights(plan.horizontal, images.size(3), is_bytes ? kOne : 255.0 * kOne)
          .transpose(1, 2);
  at::Tensor views = at::empty(
      {3, images.size(0), plan.vertical.view_size, plan.horizontal.view_size}, down.options());
  for (std::int64_t c = 0; c < 3; ++c) {
    const at::Tensor pixels = images.select(1, c).to(at::kFloat).contiguous();
    at::Tensor view = views.select(0, c);
    at::bmm_out(view, down, at::bmm(pixels, across).round_());
  }
  return views.round_();
}

void rotate(const at::Tensor& views, const Rotation& rotation) {
  const std::int64_t height = views.size(2);
  const std::int64_t width = views.size(3);
  const at::TensorOptions options = rotation.column.options();
  const at::Tensor x = at::arange(width, options).view({1, 1, width});
  const at::Tensor y = at::arange(height, options).view({1, height, 1});
  const auto place = [&](const at::Tensor& origin, const at::Tensor& by_x, const at::Tensor& by_y) {
    constexpr std::int64_t kBits = 16;
    return (origin.view({-1, 1, 1}) + x * by_x.view({-1, 1, 1}) + y * by_y.view({-1, 1, 1}))
        .bitwise_right_shift_(kBits);
  };
  const at::Tensor from_x = place(rotation.column, rotation.column_by_x, rotation.column_by_y);
  const at::Tensor from_y = place(rotation.row, rotation.row_by_x, rotation.row_by_y);
  const at::Tensor inside = from_x.ge(0)
                                .bitwise_and_(from_x.lt(width))
                                .bitwise_and_(from_y.ge(0))
                                .bitwise_and_(from_y.lt(height));
  const at::Tensor from =
      (from_y.clamp(0, height - 1) * width + from_x.clamp(0, width - 1)).flatten(1);
  for (std::int64_t c = 0; c < 3; ++c) {
    const at::Tensor plane = views.select(0, c);
    plane.copy_(plane.flatten(1).gather(1, from).view_as(plane).mul_(inside));
  }
}

void blur(const at::Tensor& views, const Blur& blur) {
  const std::int64_t height = views.size(2);
  const std::int64_t width = views.size(3);
  const at::Tensor down = blur_weights(blur.radius, height);
  const at::Tensor across =
      (width == height ? down : blur_weights(blur.radius, width)).transpose(1, 2);
  for (std::int64_t c = 0; c < 3; ++c) {
    at::Tensor view = views.select(0, c);
    at::bmm_out(view, down, at::bmm(view, across));
  }
  views.round_();
}

}  // namespace lightly::transforms::batch
