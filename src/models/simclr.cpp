#include "lightly/models/simclr.hpp"

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "models/model_parts.hpp"

namespace lightly::models {

void SimCLROptions::check() const {
  core::check_at_least("SimCLR", "num_ftrs", num_ftrs, 1);
  core::check_at_least("SimCLR", "out_dim", out_dim, 1);
}

SimCLRImpl::SimCLRImpl(Backbone backbone_, SimCLROptions options_)
    : options(options_), backbone(std::move(backbone_)) {
  options.check();
  TORCH_CHECK_VALUE(!backbone.is_empty(), "SimCLR: backbone must hold a module, got none");
  SimCLRImpl::reset();
}

void SimCLRImpl::reset() {
  register_module("backbone", backbone.module());
  projection_head =
      register_module("projection_head", linear_relu_linear(options.num_ftrs, options.out_dim));
}

std::shared_ptr<torch::nn::Module> SimCLRImpl::clone(
    const std::optional<at::Device>& device) const {
  // Cloneable's own clone would register the backbone of the original again and overwrite it.
  auto copy = std::make_shared<SimCLRImpl>(*this);
  copy->backbone = deep_copy(backbone, device);
  copy->replace_module("backbone", copy->backbone.module());
  copy->projection_head = deep_copy(projection_head, device);
  copy->replace_module("projection_head", copy->projection_head);
  return copy;
}

at::Tensor SimCLRImpl::forward(const at::Tensor& x0) {
  return forward_with_features(x0).out;
}

std::pair<at::Tensor, at::Tensor> SimCLRImpl::forward(const at::Tensor& x0, const at::Tensor& x1) {
  at::Tensor out0 = forward(x0);
  at::Tensor out1 = forward(x1);
  return {std::move(out0), std::move(out1)};
}

OutputAndFeatures SimCLRImpl::forward_with_features(const at::Tensor& x0) {
  const at::Tensor features =
      features_of(backbone, x0, {.callee = "SimCLR", .num_ftrs = options.num_ftrs});
  return {.out = projection_head->forward(features), .features = features};
}

std::pair<OutputAndFeatures, OutputAndFeatures> SimCLRImpl::forward_with_features(
    const at::Tensor& x0, const at::Tensor& x1) {
  OutputAndFeatures first = forward_with_features(x0);
  OutputAndFeatures second = forward_with_features(x1);
  return {std::move(first), std::move(second)};
}

}  // namespace lightly::models
