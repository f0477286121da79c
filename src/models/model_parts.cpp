#include "models/model_parts.hpp"

#include <cstddef>

#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/linear.h>

namespace lightly::models {
namespace {

void check_as_many(const char* what, std::size_t expected, std::size_t actual) {
  TORCH_CHECK(actual == expected, "clone() must give as many ", what, " as the module has, ",
              expected, ", got ", actual);
}

}  // namespace

at::Tensor features_of(const Backbone& backbone, const at::Tensor& images,
                       ExpectedFeatures expected) {
  const auto [callee, num_ftrs] = expected;
  TORCH_CHECK_VALUE(images.dim() >= 1 && images.size(0) >= 1, callee,
                    ": a batch must hold one image or more, got ", images.sizes());
  const at::Tensor maps = backbone(images);
  TORCH_CHECK_VALUE(maps.dim() >= 2, callee, ": backbone must give [B, num_ftrs, ...], got ",
                    maps.sizes());
  at::Tensor features = maps.flatten(1);
  TORCH_CHECK_VALUE(features.size(1) == num_ftrs, callee,
                    ": backbone must give num_ftrs = ", num_ftrs, " features per image, got ",
                    features.size(1), " (shape ", maps.sizes(), ")");
  return features;
}

torch::nn::Sequential linear_relu_linear(std::int64_t num_ftrs, std::int64_t out_dim) {
  const torch::nn::Linear first(num_ftrs, num_ftrs);  // draws its weights before the second does
  const torch::nn::Linear second(num_ftrs, out_dim);
  return torch::nn::Sequential(first, torch::nn::ReLU(), second);
}

void copy_flags(const torch::nn::Module& original, const torch::nn::Module& copy) {
  const auto from = original.modules();
  const auto to = copy.modules();
  check_as_many("modules", from.size(), to.size());
  for (std::size_t i = 0; i < from.size(); ++i) {  // a parent before its children
    if (to[i]->is_training() != from[i]->is_training()) {
      to[i]->train(from[i]->is_training());
    }
  }
  const auto parameters = original.parameters();
  auto copies = copy.parameters();
  check_as_many("parameters", parameters.size(), copies.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    copies[i].requires_grad_(parameters[i].requires_grad());
  }
  // A module may change its buffers when its mode changes, as SplitBatchNorm averages its splits.
  const at::NoGradGuard no_grad;
  const auto buffers = original.buffers();
  const auto buffer_copies = copy.buffers();
  check_as_many("buffers", buffers.size(), buffer_copies.size());
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    buffer_copies[i].copy_(buffers[i]);
  }
}

Backbone deep_copy(const Backbone& backbone, const std::optional<at::Device>& device) {
  Backbone copy = backbone.clone(device);
  copy_flags(*backbone.module(), *copy.module());
  return copy;
}

}  // namespace lightly::models
