#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/optim/optimizer.hpp"
#include "support/matchers.hpp"

/// The runs of tests/golden/optim/make_optimizers.py, written a second time.
namespace lightly::optim {

constexpr int kRunSteps = 20;

inline const std::vector<std::vector<std::int64_t>>& run_shapes() {
  static const std::vector<std::vector<std::int64_t>> shapes{{5, 3, 3, 3}, {7, 6}, {4, 3}, {5}};
  return shapes;
}

/// A parameter with these values.
inline torch::Tensor leaf(const torch::Tensor& values) {
  return values.clone().requires_grad_();
}

/// (i_squared * n^2 + i * n + offset) mod 2003, centred, over 1024, for n = 1, 2, ...
struct RunFormula {
  std::int64_t i_squared;
  std::int64_t i;
  std::int64_t offset;

  torch::Tensor operator()(const std::vector<std::int64_t>& shape, at::ScalarType type) const {
    const std::int64_t count = c10::multiply_integers(shape);
    const torch::Tensor n = torch::arange(1, count + 1);
    const torch::Tensor whole = (i_squared * n * n + i * n + offset).remainder(2003) - 1001;
    return (whole.to(type) / 1024).view(shape);
  }
};

/// Leaves with the values before the first step; the third is 0.
inline std::vector<torch::Tensor> run_parameters(at::ScalarType type, bool channels_last = false) {
  std::vector<torch::Tensor> parameters;
  for (std::size_t k = 0; k < run_shapes().size(); ++k) {
    torch::Tensor values =
        RunFormula{1, 7919, 101 * static_cast<std::int64_t>(k)}(run_shapes()[k], type);
    if (k == 2) {
      values.zero_();
    }
    if (channels_last && values.dim() == 4) {
      values = values.contiguous(torch::MemoryFormat::ChannelsLast);
    }
    parameters.push_back(values.requires_grad_());
  }
  return parameters;
}

/// The last parameter without decay and with twice the learning rate.
inline std::vector<ParameterGroup> run_groups(std::vector<torch::Tensor> parameters) {
  ParameterGroup last{.parameters = {parameters.back()}, .weight_decay = 0.0, .lr_factor = 2.0};
  parameters.pop_back();
  return {{.parameters = std::move(parameters)}, std::move(last)};
}

/// Steps [begin, end): a gradient of 0 is among them, one that is missing, other learning rates.
inline void run(Optimizer& optimizer, int begin, int end) {
  for (int step = begin; step < end; ++step) {
    optimizer.zero_grad();
    for (std::size_t k = 0; k < run_shapes().size(); ++k) {
      const torch::Tensor& parameter = optimizer.parameters()[k];
      if (k == 1 && (step == 0 || step == 7)) {
        continue;
      }
      parameter.mutable_grad() = RunFormula{3, 5051, 977 * step + 101 * static_cast<int>(k)}(
          run_shapes()[k], parameter.scalar_type());
      if (k == 0 && step == 3) {
        parameter.mutable_grad().zero_();
      }
    }
    if (step == 5 || step == 12) {
      optimizer.set_lr(optimizer.lr() * (step == 5 ? 0.5 : 3.0));
    }
    optimizer.step();
  }
}

struct Tolerance {
  double float32 = 0.0;
  double float64 = 0.0;
};

/// Compares parameters and what is remembered with the golden case. The tolerances are parts of the
/// largest value of a tensor; 0 asks for the same bits, which LibTorch gives on every processor
/// with fused multiply-add (AVX2 or AVX-512), as the golden data's had.
inline void expect_run(const Optimizer& optimizer, const core::Safetensors& golden,
                       const std::string& name, Tolerance tolerance = {}) {
  Optimizer::State state = optimizer.state();
  for (std::size_t k = 0; k < optimizer.parameters().size(); ++k) {
    state["parameter." + std::to_string(k)] = optimizer.parameters()[k];
  }
  const bool single = optimizer.parameters()[0].scalar_type() == at::kFloat;
  const double part = single ? tolerance.float32 : tolerance.float64;
  const std::string prefix = std::string(single ? "float32." : "float64.") + name + ".";
  std::size_t compared = 0;
  for (const auto& [key, expected] : golden.tensors) {
    if (!key.starts_with(prefix)) {
      continue;
    }
    ++compared;
    const auto found = state.find(key.substr(prefix.size()));
    ASSERT_TRUE(found != state.end()) << key;
    const torch::Tensor actual =
        found->second.is_floating_point() ? found->second : found->second.to(at::kFloat);
    EXPECT_TRUE(part == 0.0 ? testing::tensors_equal(actual, expected)
                            : testing::tensors_close(actual, expected,
                                                     part * expected.abs().max().item<double>()))
        << key;
  }
  EXPECT_GE(compared, optimizer.parameters().size()) << prefix;
}

/// Runs the case from the start as `Kind`, with groups where its name says so.
template <typename Kind, typename Options>
void expect_golden(const core::Safetensors& golden, const std::string& name, const Options& options,
                   Tolerance tolerance = {}) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    for (const bool channels_last : {false, true}) {
      SCOPED_TRACE(std::string(channels_last ? "channels-last " : "") + c10::toString(type));
      // The gradients stay in plain layout: a kernel that walks raw memory would pair wrong
      // elements.
      std::vector<torch::Tensor> parameters = run_parameters(type, channels_last);
      Kind optimizer = name.find("groups") == std::string::npos
                           ? Kind(parameters, options)
                           : Kind(run_groups(parameters), options);
      run(optimizer, 0, kRunSteps);
      expect_run(optimizer, golden, name, tolerance);
      EXPECT_EQ(parameters[0].is_contiguous(torch::MemoryFormat::ChannelsLast), channels_last);
    }
  }
}

}  // namespace lightly::optim
