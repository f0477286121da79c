#include "lightly/models/moco.hpp"

#include <string>

#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/models/momentum.hpp"
#include "models/model_parts.hpp"

namespace lightly::models {
namespace {

Backbone momentum_copy(const Backbone& backbone) {
  try {
    return deep_copy(backbone);
  } catch (const c10::Error& error) {
    C10_THROW_ERROR(
        ValueError,
        std::string("MoCo: backbone must be cloneable for the momentum encoder, got: ") +
            error.what_without_backtrace());
  }
}

}  // namespace

void MoCoOptions::check() const {
  core::check_at_least("MoCo", "num_ftrs", num_ftrs, 1);
  core::check_at_least("MoCo", "out_dim", out_dim, 1);
  core::check_probability("MoCo", "m", m);
}

MoCoImpl::MoCoImpl(Backbone backbone_, MoCoOptions options_)
    : options(std::move(options_)), backbone(std::move(backbone_)) {
  options.check();
  TORCH_CHECK_VALUE(!backbone.is_empty(), "MoCo: backbone must hold a module, got none");
  MoCoImpl::reset();
}

void MoCoImpl::reset() {
  register_module("backbone", backbone.module());
  projection_head =
      register_module("projection_head", linear_relu_linear(options.num_ftrs, options.out_dim));
  momentum_backbone = momentum_copy(backbone);
  register_module("momentum_backbone", momentum_backbone.module());
  momentum_projection_head =
      register_module("momentum_projection_head", deep_copy(projection_head));
  deactivate_requires_grad(*momentum_backbone.module());
  deactivate_requires_grad(*momentum_projection_head);
}

std::shared_ptr<torch::nn::Module> MoCoImpl::clone(const std::optional<at::Device>& device) const {
  // Cloneable's own clone would register the backbone of the original again and overwrite it.
  auto copy = std::make_shared<MoCoImpl>(*this);
  copy->backbone = deep_copy(backbone, device);
  copy->replace_module("backbone", copy->backbone.module());
  copy->projection_head = deep_copy(projection_head, device);
  copy->replace_module("projection_head", copy->projection_head);
  copy->momentum_backbone = deep_copy(momentum_backbone, device);
  copy->replace_module("momentum_backbone", copy->momentum_backbone.module());
  copy->momentum_projection_head = deep_copy(momentum_projection_head, device);
  copy->replace_module("momentum_projection_head", copy->momentum_projection_head);
  return copy;
}

at::Tensor MoCoImpl::forward(const at::Tensor& x0) {
  return forward_with_features(x0).out;
}

std::pair<at::Tensor, at::Tensor> MoCoImpl::forward(const at::Tensor& x0, const at::Tensor& x1) {
  auto [first, second] = forward_with_features(x0, x1);
  return {std::move(first.out), std::move(second.out)};
}

OutputAndFeatures MoCoImpl::forward_with_features(const at::Tensor& x0) {
  start_forward();
  return encode(backbone, projection_head, x0);
}

std::pair<OutputAndFeatures, OutputAndFeatures> MoCoImpl::forward_with_features(
    const at::Tensor& x0, const at::Tensor& x1) {
  start_forward();
  OutputAndFeatures first = encode(backbone, projection_head, x0);
  OutputAndFeatures second = encode_by_momentum(x1);
  return {std::move(first), std::move(second)};
}

void MoCoImpl::update_momentum() {
  TORCH_CHECK(!options.update_on_forward,
              "MoCo: update_momentum() is not for update_on_forward, with which forward updates");
  TORCH_CHECK(is_training(), "MoCo: update_momentum() needs training mode, got eval mode");
  TORCH_CHECK(!is_updated_,
              "MoCo: update_momentum() needs a forward in training mode since the last call");
  average_encoders();
  is_updated_ = true;
}

void MoCoImpl::start_forward() {
  if (options.update_on_forward) {
    average_encoders();
  } else if (is_training()) {
    is_updated_ = false;
  }
}

void MoCoImpl::average_encoders() {
  const UpdateMomentumOptions update{.m = options.m, .average_buffers = options.average_buffers};
  models::update_momentum(*backbone.module(), *momentum_backbone.module(), update);
  models::update_momentum(*projection_head, *momentum_projection_head, update);
}

OutputAndFeatures MoCoImpl::encode(const Backbone& encoder, torch::nn::Sequential& head,
                                   const at::Tensor& images) const {
  const at::Tensor features =
      features_of(encoder, images, {.callee = "MoCo", .num_ftrs = options.num_ftrs});
  return {.out = head->forward(features), .features = features};
}

OutputAndFeatures MoCoImpl::encode_by_momentum(const at::Tensor& x1) {
  const at::NoGradGuard no_grad;
  if (!options.batch_shuffle) {
    return encode(momentum_backbone, momentum_projection_head, x1);
  }
  const auto [batch, shuffle] = models::batch_shuffle(x1, options.generator);
  const auto [out, features] = encode(momentum_backbone, momentum_projection_head, batch);
  return {.out = batch_unshuffle(out, shuffle), .features = batch_unshuffle(features, shuffle)};
}

}  // namespace lightly::models
