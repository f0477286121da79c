#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>

#include "lightly/core/module.hpp"
#include "lightly/models/split_batch_norm.hpp"

namespace lightly::models {

/// Whose child names and first weights a ResNet has.
enum class ResNetFamily {
  /// lightly's: `shortcut`, `linear`; LibTorch's default initialisation.
  kLightly,
  /// torchvision's: `downsample`, `fc`; convolutions start from He's normal distribution (fan-out).
  kTorchvision,
};

/// Options of one residual block.
struct BasicBlockOptions {
  /// Channels of the input, >= 1.
  std::int64_t in_planes = 64;
  /// Channels inside the block, >= 1; it puts out planes * kExpansion.
  std::int64_t planes = 64;
  /// Stride of the block's 3x3 convolution that carries it (the first, or the bottleneck's one),
  /// >= 1.
  std::int64_t stride = 1;
  /// Groups of the bottleneck's 3x3 convolution, >= 1; a basic block has 1.
  std::int64_t groups = 1;
  /// Channels of a group at 64 planes, >= 1: inside, a bottleneck has int(planes *
  /// width_per_group / 64) * groups of them; a basic block has 64.
  std::int64_t width_per_group = 64;
  /// Splits of the batch in each normalisation, >= 0 (Norm2d).
  std::int64_t num_splits = 0;
  /// Whose name the shortcut has.
  ResNetFamily family = ResNetFamily::kLightly;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// Two 3x3 convolutions with a shortcut: [B, in_planes, H, W] -> [B, planes, H / stride, ...].
/// As lightly 1.1: children conv1, bn1, conv2, bn2, shortcut. Throws c10::ValueError for options of
/// a bottleneck.
/// [0] Deep Residual Learning, 2015, arXiv:1512.03385
struct BasicBlockImpl : torch::nn::Cloneable<BasicBlockImpl> {
  static constexpr std::int64_t kExpansion = 1;

  explicit BasicBlockImpl(BasicBlockOptions options_ = {});
  void reset() override;
  at::Tensor forward(const at::Tensor& x);

  BasicBlockOptions options;
  torch::nn::Conv2d conv1 = nullptr, conv2 = nullptr;
  Norm2d bn1 = nullptr, bn2 = nullptr;
  /// Empty when the input is added as it is.
  torch::nn::Sequential shortcut = nullptr;
};
LIGHTLY_MODULE(BasicBlock);

using BottleneckOptions = BasicBlockOptions;

/// 1x1, 3x3 (with the stride) and 1x1 convolutions with a shortcut: [B, in_planes, H, W] ->
/// [B, 4 * planes, H / stride, ...]. As lightly 1.1: children conv1, bn1, conv2, bn2, conv3, bn3,
/// shortcut.
/// [0] Aggregated Residual Transformations, 2016, arXiv:1611.05431 (groups)
/// [1] Wide Residual Networks, 2016, arXiv:1605.07146 (width_per_group)
struct BottleneckImpl : torch::nn::Cloneable<BottleneckImpl> {
  static constexpr std::int64_t kExpansion = 4;

  explicit BottleneckImpl(BottleneckOptions options_ = {});
  void reset() override;
  at::Tensor forward(const at::Tensor& x);

  BottleneckOptions options;
  torch::nn::Conv2d conv1 = nullptr, conv2 = nullptr, conv3 = nullptr;
  Norm2d bn1 = nullptr, bn2 = nullptr, bn3 = nullptr;
  /// Empty when the input is added as it is.
  torch::nn::Sequential shortcut = nullptr;
};
LIGHTLY_MODULE(Bottleneck);

}  // namespace lightly::models
