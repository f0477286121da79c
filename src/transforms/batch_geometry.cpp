#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/eq.h>
#include <torch/version.h>

#include "transforms/batch_steps.hpp"

namespace lightly::transforms::batch {
namespace {

// Whether the process lets the CPU round the factors of a float32 product.
bool cpu_may_round_factors() {
  const at::Context& context = at::globalContext();
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 10
  // The other question throws when one backend has been asked for another precision than the rest.
  const at::Float32Precision precision =
      context.float32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL);
  return precision == at::Float32Precision::BF16 || precision == at::Float32Precision::TF32;
#else
  return context.float32MatmulPrecision() != at::Float32MatmulPrecision::HIGHEST;
#endif
}

// The products of float32 matrices in full precision; on other devices than the CPU the caller
// holds an at::NoTF32Guard.
void product_into(at::Tensor& result, const at::Tensor& a, const at::Tensor& b) {
  if (a.is_cpu() && cpu_may_round_factors()) {
    result.copy_(at::bmm(a.to(at::kDouble), b.to(at::kDouble)));
  } else {
    at::bmm_out(result, a, b);
  }
}

at::Tensor product(const at::Tensor& a, const at::Tensor& b) {
  at::Tensor result = at::empty({a.size(0), a.size(1), b.size(2)}, a.options());
  product_into(result, a, b);
  return result;
}

at::Tensor column(const at::Tensor& list) {
  return list.view({-1, 1});
}

struct Resize {
  functional::Interpolation interpolation;
  /// What the weights of a position add up to.
  double total;
};

// 0, 1, ..., count - 1 as [1, count].
at::Tensor positions(std::int64_t count, const at::TensorOptions& options) {
  return at::arange(count, options).unsqueeze(0);
}

// Keys' cubic with a = -1/2 of a distance >= 0: a polynomial up to 1, another from there to 2.
at::Tensor cubic(const at::Tensor& distance) {
  const at::Tensor near = distance.clamp(0.0, 1.0);
  const at::Tensor far = distance.clamp(1.0, 2.0);
  const at::Tensor from_end = far - 2.0;
  return (near * 1.5)
      .sub_(2.5)
      .mul_(near)
      .mul_(near)
      .add_(1.0)
      .sub_((far - 1.0).mul_(from_end).mul_(from_end), 0.5);
}

// [B, view_size, image_size]: how much of each pixel is in each position of the view, as in
// Pillow's resize with antialiasing; `total` together.
at::Tensor resize_weights(const Axis& axis, std::int64_t image_size, const Resize& resize) {
  if (resize.interpolation == functional::Interpolation::kNearest) {
    const at::Tensor nearest = axis.nearest.view({-1, axis.view_size, 1});
    at::Tensor weights =
        at::empty({nearest.size(0), axis.view_size, image_size}, nearest.options());
    at::eq_out(weights, positions(image_size, nearest.options()), nearest);
    return weights.mul_(resize.total);
  }
  const at::TensorOptions options = axis.first.options();
  const at::Tensor centre =
      column(axis.first) + column(axis.step) * positions(axis.view_size, options);
  // Pixels outside the crop are as far away as it takes.
  constexpr double kFar = 1e9;
  at::Tensor pixel = positions(image_size, options);
  pixel = pixel + (pixel - pixel.clamp(column(axis.begin), column(axis.last))) * kFar;
  const at::Tensor widening = column(axis.widening);
  const at::Tensor distance =
      ((pixel / widening).unsqueeze(1) - (centre / widening).unsqueeze(2)).abs_();
  // The triangle 1 - distance, negated: the sign goes with the division by the sum.
  const at::Tensor weights = resize.interpolation == functional::Interpolation::kBicubic
                                 ? cubic(distance)
                                 : distance.sub_(1.0).clamp_max_(0.0);
  return weights.div_(weights.sum(/*dim=*/2, /*keepdim=*/true).div_(resize.total));
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
  return product(product(box, box), box);
}

}  // namespace

at::Tensor resample(const at::Tensor& images, const Plan& plan) {
  // A hair more than 1, so that halves are rounded up, as Pillow does.
  constexpr double kOne = 1.0 + 0x1p-20;
  const double to_levels = images.scalar_type() == at::kByte ? kOne : 255.0 * kOne;
  const at::Tensor down = resize_weights(plan.vertical, images.size(2),
                                         {.interpolation = plan.interpolation, .total = kOne});
  const at::Tensor across =
      resize_weights(plan.horizontal, images.size(3),
                     {.interpolation = plan.interpolation, .total = to_levels})
          .transpose(1, 2);
  // The others stay within the values they average.
  const bool may_leave_levels = plan.interpolation == functional::Interpolation::kBicubic;
  const auto to_whole_levels = [&](const at::Tensor& values) {
    values.round_();
    if (may_leave_levels) {
      values.clamp_(0.0, 255.0);
    }
  };
  at::Tensor views = at::empty(
      {3, images.size(0), plan.vertical.view_size, plan.horizontal.view_size}, down.options());
  for (std::int64_t c = 0; c < 3; ++c) {
    const at::Tensor pixels = images.select(1, c).to(at::kFloat).contiguous();
    const at::Tensor rows = product(pixels, across);
    to_whole_levels(rows);
    at::Tensor view = views.select(0, c);
    product_into(view, down, rows);
  }
  to_whole_levels(views);
  return views;
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
    product_into(view, down, product(view, across));
  }
  views.round_();
}

}  // namespace lightly::transforms::batch
