#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>
#include <torch/nn/modules/linear.h>

#include "lightly/core/module.hpp"

namespace lightly::models {

/// Options of SimCLRProjectionHead, each >= 1.
struct SimCLRProjectionHeadOptions {
  std::int64_t input_dim = 32;
  std::int64_t hidden_dim = 32;
  std::int64_t output_dim = 128;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// Linear, ReLU, Linear: features [B, input_dim] -> [B, output_dim].
///
/// As the head of lightly 1.1's SimCLR and MoCo, with its names `0` and `2`; later versions of the
/// Python class add batch normalisation and other names.
/// [0] SimCLR, 2020, arXiv:2002.05709
struct SimCLRProjectionHeadImpl : torch::nn::Cloneable<SimCLRProjectionHeadImpl> {
  explicit SimCLRProjectionHeadImpl(SimCLRProjectionHeadOptions options_ = {});
  void reset() override;
  at::Tensor forward(const at::Tensor& features);

  SimCLRProjectionHeadOptions options;
  torch::nn::Linear linear0 = nullptr, linear2 = nullptr;
};
LIGHTLY_MODULE(SimCLRProjectionHead);

}  // namespace lightly::models
