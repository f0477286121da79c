#include "lightly/models/resnet_blocks.hpp"

#include <utility>
#include <variant>

#include <ATen/ops/relu.h>
#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "models/resnet_layers.hpp"

namespace lightly::models {
namespace {

const char* shortcut_name(ResNetFamily family) {
  return family == ResNetFamily::kTorchvision ? "downsample" : "shortcut";
}

torch::nn::Sequential make_shortcut(const BasicBlockOptions& options, std::int64_t expansion) {
  torch::nn::Sequential shortcut;
  const std::int64_t out = options.planes * expansion;
  if (options.stride != 1 || options.in_planes != out) {
    shortcut->push_back(convolution(options.in_planes, out, 1, options.stride));
    const Norm2d norm(out, options.num_splits);
    std::visit([&](const auto& module) { shortcut->push_back(module); }, norm.get());
  }
  return shortcut;
}

at::Tensor add_shortcut(at::Tensor out, torch::nn::Sequential& shortcut, const at::Tensor& x) {
  out += shortcut->is_empty() ? x : shortcut->forward(x);
  return at::relu_(out);
}

// Channels of a bottleneck's 3x3 convolution.
std::int64_t inner_planes(const BottleneckOptions& options) {
  return options.planes * options.width_per_group / 64 * options.groups;
}

}  // namespace

void BasicBlockOptions::check() const {
  core::check_at_least("ResNet block", "in_planes", in_planes, 1);
  core::check_at_least("ResNet block", "planes", planes, 1);
  core::check_at_least("ResNet block", "stride", stride, 1);
  core::check_at_least("ResNet block", "groups", groups, 1);
  core::check_at_least("ResNet block", "width_per_group", width_per_group, 1);
  core::check_at_least("ResNet block", "num_splits", num_splits, 0);
}

BasicBlockImpl::BasicBlockImpl(BasicBlockOptions options_) : options(options_) {
  options.check();
  TORCH_CHECK_VALUE(options.groups == 1 && options.width_per_group == 64,
                    "BasicBlock: groups and width_per_group must be 1 and 64, got ", options.groups,
                    " and ", options.width_per_group);
  BasicBlockImpl::reset();
}

void BasicBlockImpl::reset() {
  const std::int64_t planes = options.planes, splits = options.num_splits;
  conv1 = register_module("conv1", convolution(options.in_planes, planes, 3, options.stride));
  bn1 = register_norm(*this, "bn1", planes, splits);
  conv2 = register_module("conv2", convolution(planes, planes, 3));
  bn2 = register_norm(*this, "bn2", planes, splits);
  shortcut = register_module(shortcut_name(options.family), make_shortcut(options, kExpansion));
}

at::Tensor BasicBlockImpl::forward(const at::Tensor& x) {
  at::Tensor out = bn1(conv1(x));
  out = bn2(conv2(at::relu_(out)));
  return add_shortcut(std::move(out), shortcut, x);
}

BottleneckImpl::BottleneckImpl(BottleneckOptions options_) : options(options_) {
  options.check();
  TORCH_CHECK_VALUE(inner_planes(options) >= 1,
                    "Bottleneck: planes * width_per_group must be >= 64, got ", options.planes,
                    " * ", options.width_per_group);
  BottleneckImpl::reset();
}

void BottleneckImpl::reset() {
  const std::int64_t inner = inner_planes(options), splits = options.num_splits;
  const std::int64_t out = options.planes * kExpansion;
  conv1 = register_module("conv1", convolution(options.in_planes, inner, 1));
  bn1 = register_norm(*this, "bn1", inner, splits);
  conv2 = register_module("conv2", convolution(inner, inner, 3, options.stride, options.groups));
  bn2 = register_norm(*this, "bn2", inner, splits);
  conv3 = register_module("conv3", convolution(inner, out, 1));
  bn3 = register_norm(*this, "bn3", out, splits);
  shortcut = register_module(shortcut_name(options.family), make_shortcut(options, kExpansion));
}

at::Tensor BottleneckImpl::forward(const at::Tensor& x) {
  at::Tensor out = bn1(conv1(x));
  out = bn2(conv2(at::relu_(out)));
  out = bn3(conv3(at::relu_(out)));
  return add_shortcut(std::move(out), shortcut, x);
}

}  // namespace lightly::models
