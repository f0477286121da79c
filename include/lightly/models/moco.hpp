#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>
#include <torch/nn/modules/container/sequential.h>

#include "lightly/core/module.hpp"
#include "lightly/models/backbone.hpp"
#include "lightly/models/output_and_features.hpp"

namespace lightly::models {

/// Options of MoCo.
struct MoCoOptions {
  /// Features per image that the backbone gives, >= 1; also the width of the head's hidden layer.
  std::int64_t num_ftrs = 32;
  /// Outputs per image, >= 1.
  std::int64_t out_dim = 128;
  /// Share of the momentum encoder's weights that stays at an update, in [0, 1].
  double m = 0.999;
  /// Takes the second view through the momentum encoder in random order, and what it gives back
  /// into the old one: for a backbone that normalises parts of a batch (SplitBatchNorm).
  bool batch_shuffle = false;
  /// Draws these orders; without one, LibTorch's default CPU generator.
  std::optional<at::Generator> generator = std::nullopt;
  /// An update averages the floating-point buffers too (BatchNorm's running statistics), as
  /// UpdateMomentumOptions says. By default they change as in Python: only by the momentum
  /// encoder's own forward in training mode, which changes them here as well.
  bool average_buffers = false;
  /// Every forward first updates the momentum encoder, in eval mode and with one view too: lightly
  /// 1.1's behaviour. By default only update_momentum() does.
  bool update_on_forward = false;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// A backbone with a projection head, and a slowly following copy of both for the second view:
/// images [B, 3, H, W] -> outputs [B, out_dim].
///
/// A training step is forward, loss, backward, the optimizer's step, then update_momentum(), once
/// however many forwards there were: `(criterion(model(x0, x1)) + criterion(model(x1, x0))) / 2`
/// is one step. Throws c10::ValueError when the backbone cannot be cloned, for an empty batch and
/// when the backbone does not give num_ftrs numbers per image.
///
/// As lightly 1.1: children backbone, projection_head, momentum_backbone, momentum_projection_head,
/// the last two without gradients. Differs: forward does not update the momentum encoder, an update
/// is in place, and a batch of one image keeps its batch axis.
/// [0] MoCo, 2020, arXiv:1911.05722; [1] MoCo v2, 2020, arXiv:2003.04297
struct MoCoImpl : torch::nn::Cloneable<MoCoImpl> {
  explicit MoCoImpl(Backbone backbone_, MoCoOptions options_ = {});
  void reset() override;
  std::shared_ptr<torch::nn::Module> clone(
      const std::optional<at::Device>& device = std::nullopt) const override;

  /// The outputs of the encoder that is trained.
  at::Tensor forward(const at::Tensor& x0);
  /// Those of x0, and of x1 by the momentum encoder, through which no gradient passes.
  std::pair<at::Tensor, at::Tensor> forward(const at::Tensor& x0, const at::Tensor& x1);

  /// As forward, with the features: Python's `return_features=True`.
  OutputAndFeatures forward_with_features(const at::Tensor& x0);
  std::pair<OutputAndFeatures, OutputAndFeatures> forward_with_features(const at::Tensor& x0,
                                                                        const at::Tensor& x1);

  /// Moves the momentum encoder towards the encoder, by options.m. Throws c10::Error in eval mode,
  /// when called again with no forward in training mode in between, and with update_on_forward.
  void update_momentum();

  MoCoOptions options;
  Backbone backbone;
  /// Linear, ReLU, Linear.
  torch::nn::Sequential projection_head = nullptr;
  Backbone momentum_backbone;
  torch::nn::Sequential momentum_projection_head = nullptr;

 private:
  void start_forward();
  void average_encoders();
  OutputAndFeatures encode(const Backbone& encoder, torch::nn::Sequential& head,
                           const at::Tensor& images) const;
  OutputAndFeatures encode_by_momentum(const at::Tensor& x1);

  bool is_updated_ = false;
};
LIGHTLY_MODULE_AROUND(Backbone, MoCo);

}  // namespace lightly::models
