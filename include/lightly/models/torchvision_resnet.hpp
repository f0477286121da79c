#pragma once

#include <cstdint>

#include "lightly/models/resnet.hpp"

/// The ResNets of torchvision.models: its architecture (for images of 224 px), child names and
/// initialisation, so that the same seed gives the same weights and `load_state_dict` takes its
/// published weights as they are: `load_state_dict(*net, <the tensors of resnet18-f37072fd.pth>)`.
///
/// `ResNetBackbone(resnet18())` is the network without its last layer, for SimCLR and the others.
/// For images of 32 to 64 px, or for weights of lightly's own ResNets, take ResNetGenerator; its
/// weights go to torchvision and back through torchvision_state_dict.hpp.
namespace lightly::models {

/// Options of torchvision's ResNets.
struct TorchvisionResNetOptions {
  /// Outputs of the last layer (`fc`), >= 1; the published weights have 1000.
  std::int64_t num_classes = 1000;
  /// See ResNetOptions.
  bool zero_init_residual = false;
  /// See ResNetOptions: torchvision's `norm_layer=partial(SplitBatchNorm, num_splits=...)`.
  std::int64_t num_splits = 0;
};

/// [0] Deep Residual Learning, 2015, arXiv:1512.03385. Where a bottleneck halves the image, its 3x3
/// convolution does so ("v1.5").
ResNet resnet18(TorchvisionResNetOptions options = {});
ResNet resnet34(TorchvisionResNetOptions options = {});
ResNet resnet50(TorchvisionResNetOptions options = {});
ResNet resnet101(TorchvisionResNetOptions options = {});
ResNet resnet152(TorchvisionResNetOptions options = {});

/// Twice the channels inside each bottleneck. [1] Wide Residual Networks, 2016, arXiv:1605.07146
ResNet wide_resnet50_2(TorchvisionResNetOptions options = {});
ResNet wide_resnet101_2(TorchvisionResNetOptions options = {});

/// 32 or 64 groups of 4 or 8 channels in layer1's bottlenecks. [2] Aggregated Residual
/// Transformations, 2016, arXiv:1611.05431
ResNet resnext50_32x4d(TorchvisionResNetOptions options = {});
ResNet resnext101_32x8d(TorchvisionResNetOptions options = {});
ResNet resnext101_64x4d(TorchvisionResNetOptions options = {});

}  // namespace lightly::models
