#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <c10/util/Exception.h>

#include "lightly/models/resnet.hpp"

namespace lightly::models {

/// The maps of layer4, [B, num_ftrs, h, w], of a module with the members conv1 ... layer4 (ResNet
/// and ResNetBackbone share them).
template <typename Net>
at::Tensor forward_stages(Net& net, const char* callee, const at::Tensor& images, Stem stem,
                          bool relu_after_stem) {
  TORCH_CHECK_VALUE(images.dim() == 4 && images.size(1) == 3, callee,
                    ": images must be [B, 3, H, W], got ", images.sizes());
  TORCH_CHECK_VALUE(images.is_floating_point(), callee,
                    ": images must be floating point, as a batch's views are, got ",
                    images.scalar_type());
  at::Tensor x = net.bn1(net.conv1(images));
  if (relu_after_stem) {
    x = at::relu_(x);
  }
  if (stem == Stem::k7x7) {
    x = at::max_pool2d(x, {3, 3}, {2, 2}, {1, 1});
  }
  x = net.layer1->forward(x);
  x = net.layer2->forward(x);
  x = net.layer3->forward(x);
  return net.layer4->forward(x);
}

}  // namespace lightly::models
