#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "lightly/core/module.hpp"
#include "lightly/models/resnet_blocks.hpp"
#include "lightly/models/split_batch_norm.hpp"

namespace lightly::models {

/// What a ResNet does before its first block.
enum class Stem {
  /// 3x3 convolution, stride 1, no pooling: lightly's ResNet, for images of 32 to 64 px.
  k3x3,
  /// 7x7 convolution, stride 2, then 3x3 max-pooling, stride 2: torchvision's, for 224 px.
  k7x7,
};

enum class BlockKind { kBasic, kBottleneck };

/// Options of a ResNet whose depth is spelled out; ResNetGenerator fills them by name.
struct ResNetOptions {
  BlockKind block = BlockKind::kBasic;
  /// Blocks in layer1 ... layer4, each >= 1.
  std::array<std::int64_t, 4> depths = {2, 2, 2, 2};
  /// Factor of all channel counts, in [1/64, 64]; layer1 has int(64 * width) planes.
  double width = 1.0;
  /// Outputs of the last layer, >= 1.
  std::int64_t num_classes = 10;
  Stem stem = Stem::k3x3;
  /// Groups of the bottlenecks' 3x3 convolutions, >= 1 (BasicBlockOptions); basic blocks have 1.
  std::int64_t groups = 1;
  /// Channels of a group in layer1 at width 1, >= 1 (BasicBlockOptions); basic blocks have 64.
  std::int64_t width_per_group = 64;
  /// Splits of the batch in each normalisation, >= 0: 0 takes `torch::nn::BatchNorm2d`, more takes
  /// SplitBatchNorm, as for MoCo on one device.
  std::int64_t num_splits = 0;
  /// Child names and first weights.
  ResNetFamily family = ResNetFamily::kLightly;
  /// Whether the last normalisation of each block starts with factor 0, so that the block passes
  /// its input on.
  bool zero_init_residual = false;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// A residual network: float images [B, 3, H, W] -> logits [B, num_classes].
///
/// As lightly 1.1: children conv1, bn1, layer1 ... layer4, linear; the same seed gives the same
/// weights as in Python. With ResNetFamily::kTorchvision and Stem::k7x7 as torchvision's ResNet
/// instead (torchvision_resnet.hpp). Differs from lightly's: the mean over all positions comes
/// before the last layer, so that every image size works. The original takes the first 4x4
/// positions, which is the same for 25 to 32 px; it leaves out the rest for 33 to 56 px and fails
/// elsewhere. Throws c10::ValueError for input of another shape.
struct ResNetImpl : torch::nn::Cloneable<ResNetImpl> {
  explicit ResNetImpl(ResNetOptions options_ = {});
  void reset() override;
  at::Tensor forward(const at::Tensor& images);

  /// Channels that layer4 puts out: int(64 * width) * 8, for bottlenecks * 32.
  std::int64_t num_ftrs() const;

  ResNetOptions options;
  torch::nn::Conv2d conv1 = nullptr;
  Norm2d bn1 = nullptr;
  torch::nn::Sequential layer1 = nullptr, layer2 = nullptr, layer3 = nullptr, layer4 = nullptr;
  /// Registered as `fc` in torchvision's family.
  torch::nn::Linear linear = nullptr;
};
LIGHTLY_MODULE(ResNet);

/// Options of ResNetGenerator; the fields are those of ResNetOptions.
struct ResNetGeneratorOptions {
  double width = 1.0;
  std::int64_t num_classes = 10;
  Stem stem = Stem::k3x3;
  std::int64_t num_splits = 0;
};

/// The ResNet of that name: resnet-9, resnet-18, resnet-34, resnet-50, resnet-101 or resnet-152.
/// Throws c10::ValueError that lists the names for another one. As lightly 1.1; differs:
/// `num_classes` is honoured (the original always has 10 outputs).
ResNet ResNetGenerator(const std::string& name, ResNetGeneratorOptions options = {});

}  // namespace lightly::models
