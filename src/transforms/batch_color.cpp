#include <ATen/TensorOperators.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/ge.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>

#include "transforms/batch_steps.hpp"

namespace lightly::transforms::batch {
namespace {

// [N, h, w]: Pillow's luma, whose products and sums float32 holds exactly.
at::Tensor luma(const at::Tensor& views) {
  constexpr double kUnit = 1 << 16;
  return (views.select(0, 0) * (19595 / kUnit))
      .add_(views.select(0, 1), 38470 / kUnit)
      .add_(views.select(0, 2), 7471 / kUnit)
      .round_();
}

at::Tensor per_sample(const at::Tensor& list) {
  return list.view({-1, 1, 1});
}

void blend(const at::Tensor& views, const Blend& blend) {
  const at::Tensor factor = per_sample(blend.factor);
  if (blend.needs_gray) {
    at::Tensor level = luma(views);
    const at::Tensor mean = level.mean({1, 2}, /*keepdim=*/true).add_(0.5).floor_();
    level.mul_(per_sample(blend.own_gray)).add_(mean * per_sample(blend.mean_gray));
    views.lerp_(level, 1.0 - factor);
  } else {
    views.mul_(factor);
  }
  views.clamp_(0.0, 255.0).floor_();
}

// 1 where the numbers are equal, else 0; as a weight for lerp, which at::where would be slower
// than.
at::Tensor equality(const at::Tensor& a, const at::Tensor& b) {
  at::Tensor weight = at::empty_like(a);
  at::eq_out(weight, a, b);
  return weight;
}

// The hue of Pillow's HSV, in sixths of a turn from red, in [-1, 5]; value is the largest channel,
// range what the least is below it.
at::Tensor hue_of(const at::Tensor& views, const at::Tensor& value, const at::Tensor& range) {
  const at::Tensor r = views.select(0, 0);
  const at::Tensor g = views.select(0, 1);
  const at::Tensor b = views.select(0, 2);
  at::Tensor hue = (r - g).add_(range, 4.0);
  hue.lerp_((b - r).add_(range, 2.0), equality(g, value));
  hue.lerp_(g - b, equality(r, value));
  return hue.div_(range.clamp_min(1.0));
}

// Through Pillow's 8-bit HSV and back: a channel is value - chroma * clip(2 - way, 0, 1), where way
// is that round the circle, in sixths, from the hue opposite the channel.
void turn_hue(const at::Tensor& views, const at::Tensor& shift) {
  const at::Tensor value =
      at::maximum(at::maximum(views.select(0, 0), views.select(0, 1)), views.select(0, 2));
  const at::Tensor least =
      at::minimum(at::minimum(views.select(0, 0), views.select(0, 1)), views.select(0, 2));
  at::Tensor chroma = value - least;
  at::Tensor hue = hue_of(views, value, chroma).div_(6.0);
  hue.sub_(hue.floor()).mul_(255.0).floor_().add_(per_sample(shift));
  hue.sub_((hue / 256.0).floor_(), 256.0).mul_(6.0 / 255.0);
  // The saturation has 8 bits too.
  chroma.mul_(255.0).div_(value.clamp_min(1.0)).floor_().mul_(value).div_(255.0);
  for (std::int64_t c = 0; c < 3; ++c) {
    at::Tensor channel = views.select(0, c);
    const at::Tensor way = (hue - 2.0 * static_cast<double>(c)).abs_().sub_(3.0).abs_();
    at::addcmul_out(channel, value, chroma, way.sub_(2.0).clamp_(-1.0, 0.0));
  }
  views.round_();
}

}  // namespace

void jitter(const at::Tensor& views, const Jitter& jitter) {
  std::int64_t begin = 0;
  for (std::size_t k = 0; k <= Jitter::kBlends; ++k) {
    const std::int64_t count = jitter.hue_counts.at(k);
    if (count > 0) {
      turn_hue(views.narrow(1, begin, count), jitter.hue_shift.narrow(0, begin, count));
      begin += count;
    }
    if (k < Jitter::kBlends && jitter.blends.at(k).is_used) {
      blend(views, jitter.blends.at(k));
    }
  }
}

void gray(const at::Tensor& views) {
  views.copy_(luma(views).unsqueeze(0));
}

void solarize(const at::Tensor& views, std::int64_t threshold) {
  at::Tensor inverted = at::empty_like(views);
  at::ge_out(inverted, views, at::Scalar(threshold));
  views.lerp_(255.0 - views, inverted);
}

}  // namespace lightly::transforms::batch
