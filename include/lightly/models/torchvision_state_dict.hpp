#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "lightly/models/resnet.hpp"
#include "lightly/models/resnet_backbone.hpp"

namespace lightly::models {

/// The weights under the names of torchvision's ResNet (`conv1.weight`, `layer2.0.downsample.0.
/// weight`, `fc.bias` ...), detached, in the network's own memory; but the running statistics of a
/// SplitBatchNorm are averaged over its splits, as it does for evaluation.
///
/// `torchvision.models.resnet18(num_classes=...).load_state_dict` takes them when width is 1 and
/// the stem is k7x7 (with another stem, after its conv1 is replaced and its max-pooling removed).
/// The networks of torchvision_resnet.hpp have these names already, so that `state_dict` and
/// `load_state_dict` do the same; these functions are for the others and for every ResNetBackbone.
std::map<std::string, at::Tensor> torchvision_state_dict(const ResNet& resnet);

/// As above without `fc`: for `load_state_dict(..., strict=False)`.
std::map<std::string, at::Tensor> torchvision_state_dict(const ResNetBackbone& backbone);

/// Copies weights under torchvision's names into the network, statistics into every split of a
/// SplitBatchNorm; throws c10::ValueError that lists the missing, unexpected and mis-shaped names,
/// before anything is changed.
void load_torchvision_state_dict(ResNet& resnet, const std::map<std::string, at::Tensor>& tensors);

/// As above; `fc.*`, which a backbone does not have, is passed over.
void load_torchvision_state_dict(ResNetBackbone& backbone,
                                 const std::map<std::string, at::Tensor>& tensors);

}  // namespace lightly::models
