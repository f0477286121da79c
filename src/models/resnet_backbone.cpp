#include "lightly/models/resnet_backbone.hpp"

#include <string>

#include <ATen/ops/adaptive_avg_pool2d.h>

#include "models/clone_of.hpp"
#include "models/resnet_stages.hpp"

namespace lightly::models {
ResNetBackboneImpl::ResNetBackboneImpl(const ResNet& resnet, ResNetBackboneOptions options_)
    : options(options_),
      conv1(resnet->conv1),
      bn1(resnet->bn1),
      layer1(resnet->layer1),
      layer2(resnet->layer2),
      layer3(resnet->layer3),
      layer4(resnet->layer4),
      stem_(resnet->options.stem),
      num_ftrs_(resnet->num_ftrs()) {
  ResNetBackboneImpl::reset();
}

void ResNetBackboneImpl::reset() {
  const int first_layer = stem_ == Stem::k7x7 ? 4 : 2;
  register_module("0", conv1);
  register_module("1", bn1.ptr());
  register_module(std::to_string(first_layer), layer1);
  register_module(std::to_string(first_layer + 1), layer2);
  register_module(std::to_string(first_layer + 2), layer3);
  register_module(std::to_string(first_layer + 3), layer4);
}

std::shared_ptr<torch::nn::Module> ResNetBackboneImpl::clone(
    const std::optional<at::Device>& device) const {
  auto copy = std::make_shared<ResNetBackboneImpl>(*this);
  for (const std::string& name : named_children().keys()) {
    copy->unregister_module(name);
  }
  copy->conv1 = clone_of(conv1, device);
  copy->bn1 = bn1.clone(device);
  copy->layer1 = clone_of(layer1, device);
  copy->layer2 = clone_of(layer2, device);
  copy->layer3 = clone_of(layer3, device);
  copy->layer4 = clone_of(layer4, device);
  copy->reset();
  return copy;
}

at::Tensor ResNetBackboneImpl::forward(const at::Tensor& images) {
  return at::adaptive_avg_pool2d(
      forward_stages(*this, "ResNetBackbone", images, stem_, options.relu_after_stem), {1, 1});
}

}  // namespace lightly::models
