#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

/// What models with a momentum encoder are made of: lightly.models.utils.
namespace lightly::models {

/// Options of update_momentum.
struct UpdateMomentumOptions {
  /// Share of the averaged model that stays, in [0, 1].
  double m = 0.999;
  /// Averages the floating-point buffers as well (BatchNorm's running statistics) and copies the
  /// others (its counters). Python's update_momentum leaves all buffers alone.
  bool average_buffers = false;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// Moves each parameter of `model_ema` towards that of `model`: k = k * m + q * (1 - m).
///
/// In place, one pass over the memory for float32 and float64 on the CPU; parameters are paired in
/// their order. Throws c10::ValueError that names the first parameter that is no float or has no
/// counterpart of its shape, dtype and device; then nothing was changed. As lightly 1.1, bit for
/// bit on the CPU: both products and the sum are rounded, 1 - m in double before. Elsewhere as
/// lightly 1.6: two foreach calls.
void update_momentum(const torch::nn::Module& model, const torch::nn::Module& model_ema,
                     UpdateMomentumOptions options = {});

/// As above for tensors given in a list, with m in [0, 1].
void update_momentum(const std::vector<at::Tensor>& model, const std::vector<at::Tensor>& model_ema,
                     double m);

/// Keeps gradients from the module's parameters.
void deactivate_requires_grad(const torch::nn::Module& model);

/// Lets gradients into the module's parameters again.
void activate_requires_grad(const torch::nn::Module& model);

/// What batch_shuffle gives.
struct ShuffledBatch {
  /// Row i is row shuffle[i] of the batch that was given.
  at::Tensor batch;
  /// int64 [B] on the batch's device, for batch_unshuffle.
  at::Tensor shuffle;
};

/// The rows of a batch [B, ...] in random order; no gradient passes.
///
/// Drawn by `generator` on its own device, without one by LibTorch's default CPU generator, so a
/// seed gives one order on all devices. Throws c10::ValueError when the batch has no dimension. As
/// lightly 1.1.
ShuffledBatch batch_shuffle(const at::Tensor& batch,
                            const std::optional<at::Generator>& generator = std::nullopt);

/// The rows of `batch` [B, ...] in the order from before the shuffle; no gradient passes. Throws
/// c10::ValueError unless `shuffle` is int64 [B] on the batch's device.
at::Tensor batch_unshuffle(const at::Tensor& batch, const at::Tensor& shuffle);

}  // namespace lightly::models
