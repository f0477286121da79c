#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/ordered_dict.h>
#include <torch/types.h>

#include "lightly/models/state_dict.hpp"

/// The weights and images of tests/golden/models/formulas.py, written a second time.
namespace lightly::models {

/// Makes parameters and buffers float64, in which processors agree far better than in float32;
/// counters stay integers, which `to(torch::kDouble)` would convert too.
inline void to_double(const torch::nn::Module& module) {
  for (const auto& tensors : {module.parameters(), module.buffers()}) {
    for (at::Tensor tensor : tensors) {
      if (tensor.is_floating_point()) {
        tensor.set_data(tensor.to(torch::kDouble));
      }
    }
  }
}

/// Lays out the weights of convolutions for channels-last images.
inline void to_channels_last(const torch::nn::Module& module) {
  for (at::Tensor& parameter : module.parameters()) {
    if (parameter.dim() == 4) {
      parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
    }
  }
}

/// Every parameter 0.1 * sin(1, 2, ...); one-dimensional weights 1 more.
inline void fill(const torch::nn::Module& module) {
  for (const auto& item : module.named_parameters()) {
    const at::Tensor target = item.value().detach();
    at::Tensor values = 0.1 * torch::arange(1, target.numel() + 1, torch::kDouble).sin();
    if (target.dim() == 1 && item.key().ends_with("weight")) {
      values += 1;
    }
    at::Tensor(target).copy_(values.view(target.sizes()));
  }
}

/// Every float parameter and buffer rough and of He's scale; for wide networks.
inline void fill_wide(const torch::nn::Module& module) {
  // The formula's period: one period is worked out and repeated, which is fast.
  constexpr std::int64_t kPeriod = 10007;
  const at::Tensor i = torch::arange(1, kPeriod + 1, torch::kLong);
  const at::Tensor rough = ((i * i + 7919 * i) % kPeriod).to(torch::kDouble) / kPeriod - 0.5;
  for (const auto& item : state_dict(module)) {
    at::Tensor target = item.value();
    if (!target.is_floating_point()) {
      continue;
    }
    at::Tensor values;
    if (target.dim() == 1) {
      const bool around_one = item.key().ends_with("weight") || item.key().ends_with("running_var");
      values = 0.1 * rough + (around_one ? 1 : 0);
    } else {
      values = rough * std::sqrt(24.0 / static_cast<double>(target[0].numel()));
    }
    values = values.repeat({target.numel() / kPeriod + 1}).slice(0, 0, target.numel());
    target.copy_(values.view(target.sizes()));
  }
}

/// sin(0.37 * (1, 2, ...)) of that shape.
inline at::Tensor image(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    count *= size;
  }
  return (0.37 * torch::arange(1, count + 1, torch::kDouble)).sin().view(shape).to(torch::kFloat);
}

/// The names of the module's state dictionary, one a line, as the golden files hold them.
inline std::string key_lines(const torch::nn::Module& module) {
  std::string lines;
  for (const std::string& key : state_dict(module).keys()) {
    lines += (lines.empty() ? "" : "\n") + key;
  }
  return lines;
}

}  // namespace lightly::models
