#include "lightly/models/resnet.hpp"

#include <string_view>
#include <utility>

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/relu.h>
#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "models/resnet_stages.hpp"

namespace lightly::models {
namespace {

torch::nn::Conv2d convolution(std::int64_t in, std::int64_t out, std::int64_t kernel,
                              std::int64_t stride) {
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

torch::nn::Sequential make_shortcut(const BasicBlockOptions& options, std::int64_t expansion) {
  torch::nn::Sequential shortcut;
  const std::int64_t out = options.planes * expansion;
  if (options.stride != 1 || options.in_planes != out) {
    shortcut->push_back(convolution(options.in_planes, out, 1, options.stride));
    shortcut->push_back(torch::nn::BatchNorm2d(out));
  }
  return shortcut;
}

at::Tensor add_shortcut(at::Tensor out, torch::nn::Sequential& shortcut, const at::Tensor& x) {
  out += shortcut->is_empty() ? x : shortcut->forward(x);
  return at::relu_(out);
}

template <typename Block>
torch::nn::Sequential make_layer(std::int64_t& in_planes, std::int64_t planes, std::int64_t depth,
                                 std::int64_t stride) {
  torch::nn::Sequential layer;
  for (std::int64_t i = 0; i < depth; ++i) {
    layer->push_back(
        Block({.in_planes = in_planes, .planes = planes, .stride = i == 0 ? stride : 1}));
    in_planes = planes * Block::Impl::kExpansion;
  }
  return layer;
}

struct NamedDepth {
  std::string_view name;
  BlockKind block;
  std::array<std::int64_t, 4> depths;
};

constexpr std::array<NamedDepth, 6> kNamedDepths = {{
    {"resnet-9", BlockKind::kBasic, {1, 1, 1, 1}},
    {"resnet-18", BlockKind::kBasic, {2, 2, 2, 2}},
    {"resnet-34", BlockKind::kBasic, {3, 4, 6, 3}},
    {"resnet-50", BlockKind::kBottleneck, {3, 4, 6, 3}},
    {"resnet-101", BlockKind::kBottleneck, {3, 4, 23, 3}},
    {"resnet-152", BlockKind::kBottleneck, {3, 8, 36, 3}},
}};

std::int64_t base_planes(const ResNetOptions& options) {
  return static_cast<std::int64_t>(64 * options.width);
}

}  // namespace

void BasicBlockOptions::check() const {
  core::check_at_least("ResNet block", "in_planes", in_planes, 1);
  core::check_at_least("ResNet block", "planes", planes, 1);
  core::check_at_least("ResNet block", "stride", stride, 1);
}

BasicBlockImpl::BasicBlockImpl(BasicBlockOptions options_) : options(options_) {
  options.check();
  BasicBlockImpl::reset();
}

void BasicBlockImpl::reset() {
  const std::int64_t planes = options.planes;
  conv1 = register_module("conv1", convolution(options.in_planes, planes, 3, options.stride));
  bn1 = register_module("bn1", torch::nn::BatchNorm2d(planes));
  conv2 = register_module("conv2", convolution(planes, planes, 3, 1));
  bn2 = register_module("bn2", torch::nn::BatchNorm2d(planes));
  shortcut = register_module("shortcut", make_shortcut(options, kExpansion));
}

at::Tensor BasicBlockImpl::forward(const at::Tensor& x) {
  at::Tensor out = bn1(conv1(x));
  out = bn2(conv2(at::relu_(out)));
  return add_shortcut(std::move(out), shortcut, x);
}

BottleneckImpl::BottleneckImpl(BottleneckOptions options_) : options(options_) {
  options.check();
  BottleneckImpl::reset();
}

void BottleneckImpl::reset() {
  const std::int64_t planes = options.planes;
  conv1 = register_module("conv1", convolution(options.in_planes, planes, 1, 1));
  bn1 = register_module("bn1", torch::nn::BatchNorm2d(planes));
  conv2 = register_module("conv2", convolution(planes, planes, 3, options.stride));
  bn2 = register_module("bn2", torch::nn::BatchNorm2d(planes));
  conv3 = register_module("conv3", convolution(planes, planes * kExpansion, 1, 1));
  bn3 = register_module("bn3", torch::nn::BatchNorm2d(planes * kExpansion));
  shortcut = register_module("shortcut", make_shortcut(options, kExpansion));
}

at::Tensor BottleneckImpl::forward(const at::Tensor& x) {
  at::Tensor out = bn1(conv1(x));
  out = bn2(conv2(at::relu_(out)));
  out = bn3(conv3(at::relu_(out)));
  return add_shortcut(std::move(out), shortcut, x);
}

void ResNetOptions::check() const {
  for (const std::int64_t depth : depths) {
    core::check_at_least("ResNet", "each of depths", depth, 1);
  }
  TORCH_CHECK_VALUE(width >= 1.0 / 64 && width <= 64, "ResNet: width must be in [1/64, 64], got ",
                    width);
  core::check_at_least("ResNet", "num_classes", num_classes, 1);
}

ResNetImpl::ResNetImpl(ResNetOptions options_) : options(options_) {
  options.check();
  ResNetImpl::reset();
}

void ResNetImpl::reset() {
  const std::int64_t base = base_planes(options);
  conv1 = register_module("conv1", options.stem == Stem::k7x7 ? convolution(3, base, 7, 2)
                                                              : convolution(3, base, 3, 1));
  bn1 = register_module("bn1", torch::nn::BatchNorm2d(base));
  std::int64_t in_planes = base;
  std::array<torch::nn::Sequential*, 4> layers = {&layer1, &layer2, &layer3, &layer4};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::int64_t planes = base << i;
    const std::int64_t stride = i == 0 ? 1 : 2;
    auto layer = options.block == BlockKind::kBasic
                     ? make_layer<BasicBlock>(in_planes, planes, options.depths[i], stride)
                     : make_layer<Bottleneck>(in_planes, planes, options.depths[i], stride);
    *layers[i] = register_module("layer" + std::to_string(i + 1), std::move(layer));
  }
  linear = register_module("linear", torch::nn::Linear(in_planes, options.num_classes));
}

at::Tensor ResNetImpl::forward(const at::Tensor& images) {
  const at::Tensor maps = forward_stages(*this, "ResNet", images, options.stem, true);
  return linear(at::adaptive_avg_pool2d(maps, {1, 1}).flatten(1));
}

std::int64_t ResNetImpl::num_ftrs() const {
  const std::int64_t expansion =
      options.block == BlockKind::kBasic ? BasicBlockImpl::kExpansion : BottleneckImpl::kExpansion;
  return 8 * base_planes(options) * expansion;
}

ResNet ResNetGenerator(const std::string& name, ResNetGeneratorOptions options) {
  std::string names;
  for (const NamedDepth& known : kNamedDepths) {
    if (known.name == name) {
      return ResNet({.block = known.block,
                     .depths = known.depths,
                     .width = options.width,
                     .num_classes = options.num_classes,
                     .stem = options.stem});
    }
    names.append(names.empty() ? "" : ", ").append(known.name);
  }
  C10_THROW_ERROR(ValueError, "ResNetGenerator: Illegal name: " + name + ". Try " + names + ".");
}

}  // namespace lightly::models
