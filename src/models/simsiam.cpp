#include "lightly/models/simsiam.hpp"

#include <c10/util/Exception.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>

#include "lightly/core/check.hpp"
#include "lightly/models/heads.hpp"
#include "models/model_parts.hpp"

namespace lightly::models {
namespace {

// A Sequential inside another, as Python's heads have them. LibTorch's own cannot be one, because
// its forward is a template.
struct InnerSequentialImpl : torch::nn::SequentialImpl {
  using SequentialImpl::SequentialImpl;

  at::Tensor forward(at::Tensor x) { return SequentialImpl::forward(std::move(x)); }

  std::shared_ptr<torch::nn::Module> clone(const std::optional<at::Device>& device) const override {
    auto copy = std::make_shared<InnerSequentialImpl>();
    for (const torch::nn::AnyModule& module : *this) {
      copy->push_back(module.clone(device));
    }
    return copy;
  }
};
TORCH_MODULE(InnerSequential);

InnerSequential hidden_layer(std::int64_t in_dim, std::int64_t out_dim) {
  const auto in_place = torch::nn::ReLUOptions(true);
  torch::nn::Linear linear(in_dim, out_dim);
  return InnerSequential(linear, torch::nn::BatchNorm1d(out_dim), torch::nn::ReLU(in_place));
}

torch::nn::Sequential early_projection(const SimSiamOptions& options) {
  const InnerSequential first = hidden_layer(options.num_ftrs, options.proj_hidden_dim);
  // Made for two layers too: as in Python, its weights are drawn between those of the others.
  const InnerSequential second = hidden_layer(options.proj_hidden_dim, options.proj_hidden_dim);
  torch::nn::Linear linear(options.proj_hidden_dim, options.out_dim);
  const InnerSequential last(linear, torch::nn::BatchNorm1d(options.out_dim));
  return options.num_mlp_layers == 3 ? torch::nn::Sequential(first, second, last)
                                     : torch::nn::Sequential(first, last);
}

torch::nn::Sequential early_prediction(const SimSiamOptions& options) {
  const InnerSequential first = hidden_layer(options.out_dim, options.pred_hidden_dim);
  return torch::nn::Sequential(first, torch::nn::Linear(options.pred_hidden_dim, options.out_dim));
}

}  // namespace

void SimSiamOptions::check() const {
  core::check_at_least("SimSiam", "num_ftrs", num_ftrs, 1);
  core::check_at_least("SimSiam", "proj_hidden_dim", proj_hidden_dim, 1);
  core::check_at_least("SimSiam", "pred_hidden_dim", pred_hidden_dim, 1);
  core::check_at_least("SimSiam", "out_dim", out_dim, 1);
  TORCH_CHECK_VALUE(num_mlp_layers == 2 || num_mlp_layers == 3,
                    "SimSiam: num_mlp_layers must be 2 or 3, got ", num_mlp_layers);
  TORCH_CHECK_VALUE(heads == SimSiamHeads::kEarly || num_mlp_layers == 3,
                    "SimSiam: num_mlp_layers must be 3 with SimSiamHeads::kModules, got 2");
}

SimSiamImpl::SimSiamImpl(Backbone backbone_, SimSiamOptions options_)
    : options(options_), backbone(std::move(backbone_)) {
  options.check();
  TORCH_CHECK_VALUE(!backbone.is_empty(), "SimSiam: backbone must hold a module, got none");
  SimSiamImpl::reset();
}

void SimSiamImpl::reset() {
  register_module("backbone", backbone.module());
  if (options.heads == SimSiamHeads::kEarly) {
    projection_mlp = early_projection(options);
    prediction_mlp = early_prediction(options);
  } else {
    projection_mlp = SimSiamProjectionHead({.input_dim = options.num_ftrs,
                                            .hidden_dim = options.proj_hidden_dim,
                                            .output_dim = options.out_dim});
    prediction_mlp = SimSiamPredictionHead({.input_dim = options.out_dim,
                                            .hidden_dim = options.pred_hidden_dim,
                                            .output_dim = options.out_dim});
  }
  register_module("projection_mlp", projection_mlp.module());
  register_module("prediction_mlp", prediction_mlp.module());
}

std::shared_ptr<torch::nn::Module> SimSiamImpl::clone(
    const std::optional<at::Device>& device) const {
  // Cloneable's own clone would register the modules of the original again and overwrite them.
  auto copy = std::make_shared<SimSiamImpl>(*this);
  copy->backbone = deep_copy(backbone, device);
  copy->replace_module("backbone", copy->backbone.module());
  copy->projection_mlp = deep_copy(projection_mlp, device);
  copy->replace_module("projection_mlp", copy->projection_mlp.module());
  copy->prediction_mlp = deep_copy(prediction_mlp, device);
  copy->replace_module("prediction_mlp", copy->prediction_mlp.module());
  return copy;
}

SimSiamOutput SimSiamImpl::forward(const at::Tensor& x0) {
  return forward_with_features(x0).out;
}

std::pair<SimSiamOutput, SimSiamOutput> SimSiamImpl::forward(const at::Tensor& x0,
                                                             const at::Tensor& x1) {
  SimSiamOutput first = forward(x0);
  SimSiamOutput second = forward(x1);
  return {std::move(first), std::move(second)};
}

SimSiamOutputAndFeatures SimSiamImpl::forward_with_features(const at::Tensor& x0) {
  TORCH_CHECK_VALUE(!projection_mlp.module()->is_training() || x0.dim() == 0 || x0.size(0) != 1,
                    "SimSiam: a batch must hold two images or more in training mode, where the "
                    "heads normalise over it, got 1");
  const at::Tensor features =
      features_of(backbone, x0, {.callee = "SimSiam", .num_ftrs = options.num_ftrs});
  const at::Tensor z = projection_mlp(features);
  return {.out = {.z = z, .p = prediction_mlp(z)}, .features = features};
}

std::pair<SimSiamOutputAndFeatures, SimSiamOutputAndFeatures> SimSiamImpl::forward_with_features(
    const at::Tensor& x0, const at::Tensor& x1) {
  SimSiamOutputAndFeatures first = forward_with_features(x0);
  SimSiamOutputAndFeatures second = forward_with_features(x1);
  return {std::move(first), std::move(second)};
}

}  // namespace lightly::models
