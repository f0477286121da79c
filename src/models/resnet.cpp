#include "lightly/models/resnet.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <c10/util/Exception.h>
#include <torch/enum.h>
#include <torch/nn/init.h>

#include "lightly/core/check.hpp"
#include "models/resnet_depths.hpp"
#include "models/resnet_layers.hpp"
#include "models/resnet_stages.hpp"

namespace lightly::models {
namespace {

// `depth` blocks; all but the first go on from its output, at stride 1.
template <typename Block>
torch::nn::Sequential make_layer(BasicBlockOptions block, std::int64_t depth) {
  torch::nn::Sequential layer;
  for (std::int64_t i = 0; i < depth; ++i) {
    layer->push_back(Block(block));
    block.in_planes = block.planes * Block::Impl::kExpansion;
    block.stride = 1;
  }
  return layer;
}

constexpr std::array<std::pair<std::string_view, ResNetDepth>, 6> kNamedDepths = {{
    {"resnet-9", kResNet9},
    {"resnet-18", kResNet18},
    {"resnet-34", kResNet34},
    {"resnet-50", kResNet50},
    {"resnet-101", kResNet101},
    {"resnet-152", kResNet152},
}};

std::int64_t base_planes(const ResNetOptions& options) {
  return static_cast<std::int64_t>(64 * options.width);
}

std::int64_t expansion(BlockKind block) {
  return block == BlockKind::kBasic ? BasicBlockImpl::kExpansion : BottleneckImpl::kExpansion;
}

// torchvision's first weights: [0] Delving Deep into Rectifiers, 2015, arXiv:1502.01852
void draw_convolutions(const torch::nn::Module& net) {
  for (const auto& module : net.modules(/*include_self=*/false)) {
    if (const auto* conv = module->as<torch::nn::Conv2d>()) {
      torch::nn::init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
    }
  }
}

void zero_last_norms(const torch::nn::Module& net) {
  const at::NoGradGuard no_grad;
  for (const auto& module : net.modules(/*include_self=*/false)) {
    if (const auto* basic = module->as<BasicBlock>()) {
      basic->bn2.weight().zero_();
    } else if (const auto* bottleneck = module->as<Bottleneck>()) {
      bottleneck->bn3.weight().zero_();
    }
  }
}

}  // namespace

void ResNetOptions::check() const {
  for (const std::int64_t depth : depths) {
    core::check_at_least("ResNet", "each of depths", depth, 1);
  }
  TORCH_CHECK_VALUE(width >= 1.0 / 64 && width <= 64, "ResNet: width must be in [1/64, 64], got ",
                    width);
  core::check_at_least("ResNet", "num_classes", num_classes, 1);
  core::check_at_least("ResNet", "groups", groups, 1);
  core::check_at_least("ResNet", "width_per_group", width_per_group, 1);
  core::check_at_least("ResNet", "num_splits", num_splits, 0);
}

ResNetImpl::ResNetImpl(ResNetOptions options_) : options(options_) {
  options.check();
  ResNetImpl::reset();
}

void ResNetImpl::reset() {
  const std::int64_t base = base_planes(options);
  conv1 = register_module(
      "conv1", options.stem == Stem::k7x7 ? convolution(3, base, 7, 2) : convolution(3, base, 3));
  bn1 = register_norm(*this, "bn1", base, options.num_splits);
  BasicBlockOptions block = {.in_planes = base,
                             .planes = base,
                             .groups = options.groups,
                             .width_per_group = options.width_per_group,
                             .num_splits = options.num_splits,
                             .family = options.family};
  std::array<torch::nn::Sequential*, 4> layers = {&layer1, &layer2, &layer3, &layer4};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::int64_t depth = options.depths[i];
    *layers[i] =
        register_module("layer" + std::to_string(i + 1),
                        options.block == BlockKind::kBasic ? make_layer<BasicBlock>(block, depth)
                                                           : make_layer<Bottleneck>(block, depth));
    block.in_planes = block.planes * expansion(options.block);
    block.planes *= 2;
    block.stride = 2;
  }
  const bool torchvision = options.family == ResNetFamily::kTorchvision;
  linear = register_module(torchvision ? "fc" : "linear",
                           torch::nn::Linear(num_ftrs(), options.num_classes));
  if (torchvision) {
    draw_convolutions(*this);
  }
  if (options.zero_init_residual) {
    zero_last_norms(*this);
  }
}

at::Tensor ResNetImpl::forward(const at::Tensor& images) {
  const at::Tensor maps = forward_stages(*this, "ResNet", images, options.stem, true);
  return linear(at::adaptive_avg_pool2d(maps, {1, 1}).flatten(1));
}

std::int64_t ResNetImpl::num_ftrs() const {
  return 8 * base_planes(options) * expansion(options.block);
}

ResNet ResNetGenerator(const std::string& name, ResNetGeneratorOptions options) {
  std::string names;
  for (const auto& [known_name, depth] : kNamedDepths) {
    if (known_name == name) {
      return ResNet({.block = depth.block,
                     .depths = depth.depths,
                     .width = options.width,
                     .num_classes = options.num_classes,
                     .stem = options.stem,
                     .num_splits = options.num_splits});
    }
    names.append(names.empty() ? "" : ", ").append(known_name);
  }
  C10_THROW_ERROR(ValueError, "ResNetGenerator: Illegal name: " + name + ". Try " + names + ".");
}

}  // namespace lightly::models
