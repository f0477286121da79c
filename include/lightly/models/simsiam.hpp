#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>

#include "lightly/core/module.hpp"
#include "lightly/models/backbone.hpp"

namespace lightly::models {

/// Which heads SimSiam has.
enum class SimSiamHeads {
  /// Those of lightly 1.1, `projection_mlp.0.0.weight` ...: every linear layer has a bias, the last
  /// BatchNorm1d a learned scale and shift.
  kEarly,
  /// SimSiamProjectionHead and SimSiamPredictionHead, `projection_mlp.layers.0.weight` ...: as in
  /// the SimSiam of lightly 1.5 and in the paper.
  kModules,
};

/// Options of SimSiam; each size is >= 1.
struct SimSiamOptions {
  /// Features per image that the backbone gives.
  std::int64_t num_ftrs = 2048;
  /// Width of the projection's hidden layers.
  std::int64_t proj_hidden_dim = 2048;
  /// Width of the prediction's hidden layer, a bottleneck: a quarter of num_ftrs in the paper.
  std::int64_t pred_hidden_dim = 512;
  /// Outputs per image.
  std::int64_t out_dim = 2048;
  /// Layers of the projection: 3, or with SimSiamHeads::kEarly 2 (the paper's for CIFAR-10).
  std::int64_t num_mlp_layers = 3;
  SimSiamHeads heads = SimSiamHeads::kEarly;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// What SimSiam gives for one view, for the loss.
struct SimSiamOutput {
  /// [B, out_dim], the projection.
  at::Tensor z;
  /// [B, out_dim], the prediction from z.
  at::Tensor p;
};

/// A view's output with the features [B, num_ftrs], the backbone's embedding.
struct SimSiamOutputAndFeatures {
  SimSiamOutput out;
  at::Tensor features;
};

/// A backbone with a projection and a prediction head: images [B, 3, H, W] -> z and p.
///
/// Two views pass through the backbone one after the other. Throws c10::ValueError for an empty
/// batch, in training mode for a batch of one (the heads normalise over the batch), and when the
/// backbone does not give num_ftrs numbers per image. As lightly 1.1: children backbone,
/// projection_mlp, prediction_mlp, the same weights for the same seed; differs: a batch of one
/// image works in eval mode.
/// [0] SimSiam, 2020, arXiv:2011.10566
struct SimSiamImpl : torch::nn::Cloneable<SimSiamImpl> {
  explicit SimSiamImpl(Backbone backbone_, SimSiamOptions options_ = {});
  void reset() override;
  std::shared_ptr<torch::nn::Module> clone(
      const std::optional<at::Device>& device = std::nullopt) const override;

  SimSiamOutput forward(const at::Tensor& x0);
  std::pair<SimSiamOutput, SimSiamOutput> forward(const at::Tensor& x0, const at::Tensor& x1);

  /// As forward, with the features: Python's `return_features=True`.
  SimSiamOutputAndFeatures forward_with_features(const at::Tensor& x0);
  std::pair<SimSiamOutputAndFeatures, SimSiamOutputAndFeatures> forward_with_features(
      const at::Tensor& x0, const at::Tensor& x1);

  SimSiamOptions options;
  Backbone backbone;
  /// The heads, as modules of whichever kind options.heads names.
  Backbone projection_mlp, prediction_mlp;
};
LIGHTLY_MODULE_AROUND(Backbone, SimSiam);

}  // namespace lightly::models
