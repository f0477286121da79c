#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>
#include <torch/nn/modules/container/sequential.h>

#include "lightly/core/module.hpp"
#include "lightly/models/backbone.hpp"
#include "lightly/models/output_and_features.hpp"

namespace lightly::models {

/// Options of SimCLR.
struct SimCLROptions {
  /// Features per image that the backbone gives, >= 1; also the width of the head's hidden layer.
  std::int64_t num_ftrs = 32;
  /// Outputs per image, >= 1.
  std::int64_t out_dim = 128;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// A backbone with a projection head: images [B, 3, H, W] -> outputs [B, out_dim].
///
/// Two views pass through the backbone one after the other, so that batch statistics are those of
/// one view. Throws c10::ValueError for an empty batch and when the backbone does not give num_ftrs
/// numbers per image. As lightly 1.1: children backbone, projection_head (with the names
/// projection_head.0 and .2; SimCLRProjectionHead is the head of later versions); differs: a batch
/// of one image keeps its batch axis.
/// [0] SimCLR, 2020, arXiv:2002.05709
struct SimCLRImpl : torch::nn::Cloneable<SimCLRImpl> {
  explicit SimCLRImpl(Backbone backbone_, SimCLROptions options_ = {});
  void reset() override;
  std::shared_ptr<torch::nn::Module> clone(
      const std::optional<at::Device>& device = std::nullopt) const override;

  at::Tensor forward(const at::Tensor& x0);
  std::pair<at::Tensor, at::Tensor> forward(const at::Tensor& x0, const at::Tensor& x1);

  /// As forward, with the features: Python's `return_features=True`.
  OutputAndFeatures forward_with_features(const at::Tensor& x0);
  std::pair<OutputAndFeatures, OutputAndFeatures> forward_with_features(const at::Tensor& x0,
                                                                        const at::Tensor& x1);

  SimCLROptions options;
  Backbone backbone;
  /// Linear, ReLU, Linear.
  torch::nn::Sequential projection_head = nullptr;
};
LIGHTLY_MODULE_AROUND(Backbone, SimCLR);

}  // namespace lightly::models
