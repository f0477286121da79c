#pragma once

#include <ATen/core/Tensor.h>

#include "transforms/batch_plan.hpp"

/// The steps of a plan on float32 views [3, N, h, w], contiguous, in place where nothing else is
/// said; the caller holds an at::NoTF32Guard. Nothing here waits for the device or reads from it.
namespace lightly::transforms::batch {

/// The crops of images [B, 3, H, W], uint8 or float32 in [0, 1], at the size of the views, mirrored
/// where the plan says so: fresh memory.
at::Tensor resample(const at::Tensor& images, const Plan& plan);

void rotate(const at::Tensor& views, const Rotation& rotation);

void jitter(const at::Tensor& views, const Jitter& jitter);

/// Luma in all three channels.
void gray(const at::Tensor& views);

void blur(const at::Tensor& views, const Blur& blur);

/// Inverts what is >= `threshold`.
void solarize(const at::Tensor& views, std::int64_t threshold);

}  // namespace lightly::transforms::batch
