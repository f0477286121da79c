#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>

#include "lightly/core/module.hpp"
#include "lightly/models/resnet.hpp"
#include "lightly/models/split_batch_norm.hpp"

namespace lightly::models {

/// Options of ResNetBackbone.
struct ResNetBackboneOptions {
  /// ReLU between bn1 and what follows, as the whole ResNet has it. False gives the forward of
  /// lightly's Python backbone, which loses that ReLU because it is no child module: take it to
  /// use weights that were trained there.
  bool relu_after_stem = true;
};

/// A ResNet without its last layer: float images [B, 3, H, W] -> features [B, num_ftrs, 1, 1].
///
/// As lightly's documented `Sequential(*list(resnet.children())[:-1], AdaptiveAvgPool2d(1))`: the
/// layers are shared with `resnet`, and the names are those of the Sequential: 0 (conv1), 1 (bn1)
/// and 2 ... 5 (layer1 ... layer4). With the 7x7 stem the layers are 4 ... 7, as in
/// `Sequential(*list(resnet18().children())[:-1])` of torchvision, where ReLU and max-pooling are
/// children 2 and 3. Throws c10::ValueError for input of another shape.
struct ResNetBackboneImpl : torch::nn::Cloneable<ResNetBackboneImpl> {
  explicit ResNetBackboneImpl(const ResNet& resnet, ResNetBackboneOptions options_ = {});
  void reset() override;
  std::shared_ptr<torch::nn::Module> clone(
      const std::optional<at::Device>& device = std::nullopt) const override;
  at::Tensor forward(const at::Tensor& images);

  /// Channels of the features.
  std::int64_t num_ftrs() const { return num_ftrs_; }
  Stem stem() const { return stem_; }

  ResNetBackboneOptions options;
  torch::nn::Conv2d conv1 = nullptr;
  Norm2d bn1 = nullptr;
  torch::nn::Sequential layer1 = nullptr, layer2 = nullptr, layer3 = nullptr, layer4 = nullptr;

 private:
  Stem stem_;
  std::int64_t num_ftrs_;
};
LIGHTLY_MODULE_AROUND(ResNet, ResNetBackbone);

}  // namespace lightly::models
