#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>
#include <torch/nn/modules/batchnorm.h>

#include "lightly/core/module.hpp"

namespace lightly::models {

/// Options of SplitBatchNorm.
struct SplitBatchNormOptions {
  /// Channels of the input, >= 1.
  std::int64_t num_features = 1;
  /// Splits of the batch, >= 1: the devices whose separate statistics are imitated.
  std::int64_t num_splits = 1;
  /// Added to the variance, > 0.
  double eps = 1e-5;
  /// Share of a new batch in the running statistics, in [0, 1].
  double momentum = 0.1;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// Batch normalisation with the statistics of parts of the batch: [B, num_features, H, W] -> the
/// same.
///
/// In training, split s is normalised alone; it holds the samples n with n % num_splits == s.
/// `running_mean` and `running_var` hold num_splits * num_features numbers, split after split.
/// Leaving training mode replaces them by their mean over the splits; evaluation takes the first
/// num_features. Throws c10::ValueError when num_splits does not divide B in training.
///
/// As lightly 1.1, with its quirk that num_batches_tracked is kept but never grows. Differs: every
/// memory layout is taken; channels-last input is reordered by one copy each way.
/// [0] https://github.com/davidcpage/cifar10-fast (torch_backend.py)
struct SplitBatchNormImpl : torch::nn::Cloneable<SplitBatchNormImpl>, core::NormLayer {
  explicit SplitBatchNormImpl(SplitBatchNormOptions options_ = {});
  void reset() override;
  void train(bool on = true) override;
  at::Tensor forward(const at::Tensor& x);

  SplitBatchNormOptions options;
  at::Tensor weight, bias, running_mean, running_var, num_batches_tracked;
};
LIGHTLY_MODULE(SplitBatchNorm);

/// The normalisation of a ResNet: `torch::nn::BatchNorm2d`, or SplitBatchNorm when it is built with
/// num_splits >= 1. Copies share the module, as LibTorch's holders do.
///
/// As lightly 1.1: get_norm_layer(num_features, num_splits).
class Norm2d {
 public:
  /// An empty one, to be assigned before use.
  explicit(false) Norm2d(std::nullptr_t) {}
  /// Throws c10::ValueError unless num_features >= 1 and num_splits >= 0.
  Norm2d(std::int64_t num_features, std::int64_t num_splits);
  explicit(false) Norm2d(torch::nn::BatchNorm2d norm) : norm_(std::move(norm)) {}
  explicit(false) Norm2d(SplitBatchNorm norm) : norm_(std::move(norm)) {}

  /// [B, num_features, H, W] -> the same.
  at::Tensor operator()(const at::Tensor& x);

  /// [num_features]: factor and summand.
  const at::Tensor& weight() const;
  const at::Tensor& bias() const;
  /// [max(num_splits, 1) * num_features].
  const at::Tensor& running_mean() const;
  const at::Tensor& running_var() const;

  /// Which of the two it is, with all that the module offers.
  const std::variant<torch::nn::BatchNorm2d, SplitBatchNorm>& get() const { return norm_; }
  /// The module, to register it.
  std::shared_ptr<torch::nn::Module> ptr() const;
  /// One with tensors of its own.
  Norm2d clone(const std::optional<at::Device>& device = std::nullopt) const;

 private:
  std::variant<torch::nn::BatchNorm2d, SplitBatchNorm> norm_ = torch::nn::BatchNorm2d(nullptr);
};

}  // namespace lightly::models
