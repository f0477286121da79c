#include "lightly/models/heads.hpp"

#include <ATen/ops/relu.h>

#include "lightly/core/check.hpp"

namespace lightly::models {

void SimCLRProjectionHeadOptions::check() const {
  core::check_at_least("SimCLRProjectionHead", "input_dim", input_dim, 1);
  core::check_at_least("SimCLRProjectionHead", "hidden_dim", hidden_dim, 1);
  core::check_at_least("SimCLRProjectionHead", "output_dim", output_dim, 1);
}

SimCLRProjectionHeadImpl::SimCLRProjectionHeadImpl(SimCLRProjectionHeadOptions options_)
    : options(options_) {
  options.check();
  SimCLRProjectionHeadImpl::reset();
}

void SimCLRProjectionHeadImpl::reset() {
  linear0 = register_module("0", torch::nn::Linear(options.input_dim, options.hidden_dim));
  linear2 = register_module("2", torch::nn::Linear(options.hidden_dim, options.output_dim));
}

at::Tensor SimCLRProjectionHeadImpl::forward(const at::Tensor& features) {
  return linear2(at::relu(linear0(features)));
}

}  // namespace lightly::models
