#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>

#include "lightly/models/backbone.hpp"
#include "models/clone_of.hpp"

/// What SimCLR, MoCo and SimSiam have in common.
namespace lightly::models {

/// What a model expects of its backbone.
struct ExpectedFeatures {
  /// The model, for error texts.
  const char* callee;
  std::int64_t num_ftrs;
};

/// The backbone's features of a batch, flattened to [B, num_ftrs]. Throws c10::ValueError for an
/// empty batch and when the backbone gives another number per image.
at::Tensor features_of(const Backbone& backbone, const at::Tensor& images,
                       ExpectedFeatures expected);

/// The head of SimCLR and MoCo in lightly 1.1: Linear, ReLU, Linear under the names 0, 1, 2.
torch::nn::Sequential linear_relu_linear(std::int64_t num_ftrs, std::int64_t out_dim);

/// Gives every module of `copy` the mode of its original and every parameter its requires_grad,
/// which LibTorch's clone() loses: a cloned Sequential is in training mode, a cloned parameter
/// requires gradients. Buffers stay as the original's. Throws c10::Error when the clone has not as
/// many modules, parameters and buffers.
void copy_flags(const torch::nn::Module& original, const torch::nn::Module& copy);

/// The module with tensors of its own, as Python's copy.deepcopy.
template <typename Holder>
Holder deep_copy(const Holder& holder, const std::optional<at::Device>& device = std::nullopt) {
  Holder copy = clone_of(holder, device);
  copy_flags(*holder, *copy);
  return copy;
}

Backbone deep_copy(const Backbone& backbone,
                   const std::optional<at::Device>& device = std::nullopt);

}  // namespace lightly::models
