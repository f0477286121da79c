#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

namespace lightly::optim {

/// Parameters that an optimizer treats alike.
struct ParameterGroup {
  std::vector<at::Tensor> parameters = {};
  /// Weight decay, >= 0; none: that of the optimizer's options.
  std::optional<double> weight_decay = std::nullopt;
  /// The group's learning rate is the optimizer's times this, >= 0.
  double lr_factor = 1.0;
};

/// Whether `module` is a batch, instance, layer or group norm of LibTorch or a core::NormLayer, as
/// models::SplitBatchNorm is, or derives from one.
bool is_norm_layer(const torch::nn::Module& module);

struct DecayGroupsOptions {
  /// Decays the parameters of norm layers too.
  bool decay_norm = false;
  /// Decays parameters whose name ends in `bias` too, outside norm layers.
  bool decay_bias = false;
  /// Which modules are norm layers; a norm of one's own derives from core::NormLayer, or is added
  /// here.
  std::function<bool(const torch::nn::Module&)> is_norm = is_norm_layer;

  /// Throws c10::ValueError when is_norm holds no function.
  void check() const;
};

/// The parameters of `module` and its children in two groups, either of which may be empty: those
/// to decay, with the optimizer's weight decay, and those to spare, with none.
///
/// As lightly 1.6.0: lightly.models.utils.get_weight_decay_parameters, by the kind of layer and the
/// name, not by the number of dimensions: class tokens and position embeddings decay. Differs: a
/// parameter that several modules share is there once, where it comes first. Throws c10::ValueError
/// for bad options.
std::vector<ParameterGroup> decay_groups(const torch::nn::Module& module,
                                         const DecayGroupsOptions& options = {});

}  // namespace lightly::optim
