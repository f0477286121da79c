#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/stack.h>
#include <c10/util/StringUtil.h>
#include <torch/nn/cloneable.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "lightly/models/backbone.hpp"
#include "lightly/models/resnet.hpp"
#include "lightly/models/resnet_backbone.hpp"
#include "lightly/models/state_dict.hpp"

/// What the tests of SimCLR, MoCo, SimSiam and the heads share.
namespace lightly::models {

/// 32 features of images of 32 px.
inline ResNetBackbone small_backbone(ResNetBackboneOptions options = {}) {
  return ResNetBackbone(ResNetGenerator("resnet-9", {.width = 0.0625}), options);
}

/// The mean colour times three weights: the smallest backbone.
struct PooledColourImpl : torch::nn::Cloneable<PooledColourImpl> {
  PooledColourImpl() { PooledColourImpl::reset(); }
  void reset() override { scale = register_parameter("scale", torch::ones({3})); }
  torch::Tensor forward(const torch::Tensor& x) { return x.mean({2, 3}) * scale; }
  torch::Tensor scale;
};
TORCH_MODULE(PooledColour);

/// A backbone that is no torch::nn::Cloneable.
struct NotCloneableImpl : torch::nn::Module {
  torch::Tensor forward(const torch::Tensor& x) { return x.mean({2, 3}); }
};

/// A module with a model of type `Model` as its child.
template <typename Model>
struct ParentImpl : torch::nn::Cloneable<ParentImpl<Model>> {
  explicit ParentImpl(std::function<Model()> make_child_) : make_child(std::move(make_child_)) {
    ParentImpl::reset();
  }
  void reset() override { child = this->register_module("child", make_child()); }
  std::function<Model()> make_child;
  Model child = nullptr;
};

/// Name and shape of each entry of the state dictionary, one a line, as the golden files hold them.
inline std::string shape_lines(const torch::nn::Module& module) {
  std::string lines;
  for (const auto& item : state_dict(module)) {
    lines += c10::str(lines.empty() ? "" : "\n", item.key(), " ", item.value().sizes());
  }
  return lines;
}

/// The sum of each parameter, in float64.
inline at::Tensor initial_sums(const torch::nn::Module& module) {
  std::vector<at::Tensor> sums;
  for (const at::Tensor& parameter : module.parameters()) {
    sums.push_back(parameter.detach().to(at::kDouble).sum());
  }
  return at::stack(sums);
}

}  // namespace lightly::models
