#include "lightly/models/split_batch_norm.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>
#include <torch/nn/functional/batchnorm.h>

#include "lightly/core/check.hpp"
#include "models/clone_of.hpp"

namespace lightly::models {
namespace {

// Sample g * splits + s of x becomes channels [s * C, (s + 1) * C) of sample g: [B, C, H, W] ->
// [B / splits, splits * C, H, W]. Contiguous input is not copied; channels-last input gives
// channels-last output, for which BatchNorm's kernels are fast.
at::Tensor splits_to_channels(const at::Tensor& x, std::int64_t splits) {
  const std::int64_t groups = x.size(0) / splits, c = x.size(1), h = x.size(2), w = x.size(3);
  if (x.suggest_memory_format() != at::MemoryFormat::ChannelsLast) {
    return x.reshape({groups, splits * c, h, w});
  }
  return x.permute({0, 2, 3, 1})
      .reshape({groups, splits, h, w, c})
      .permute({0, 2, 3, 1, 4})
      .reshape({groups, h, w, splits * c})
      .permute({0, 3, 1, 2});
}

// The way back.
at::Tensor channels_to_splits(const at::Tensor& y, std::int64_t splits) {
  const std::int64_t groups = y.size(0), c = y.size(1) / splits, h = y.size(2), w = y.size(3);
  if (y.suggest_memory_format() != at::MemoryFormat::ChannelsLast) {
    return y.reshape({groups * splits, c, h, w});
  }
  return y.permute({0, 2, 3, 1})
      .reshape({groups, h, w, splits, c})
      .permute({0, 3, 1, 2, 4})
      .reshape({groups * splits, h, w, c})
      .permute({0, 3, 1, 2});
}

}  // namespace

void SplitBatchNormOptions::check() const {
  core::check_at_least("SplitBatchNorm", "num_features", num_features, 1);
  core::check_at_least("SplitBatchNorm", "num_splits", num_splits, 1);
  core::check_positive("SplitBatchNorm", "eps", eps);
  core::check_probability("SplitBatchNorm", "momentum", momentum);
}

SplitBatchNormImpl::SplitBatchNormImpl(SplitBatchNormOptions options_) : options(options_) {
  options.check();
  SplitBatchNormImpl::reset();
}

void SplitBatchNormImpl::reset() {
  const std::int64_t all_splits = options.num_features * options.num_splits;
  weight = register_parameter("weight", at::ones({options.num_features}));
  bias = register_parameter("bias", at::zeros({options.num_features}));
  running_mean = register_buffer("running_mean", at::zeros({all_splits}));
  running_var = register_buffer("running_var", at::ones({all_splits}));
  num_batches_tracked = register_buffer("num_batches_tracked", at::zeros({}, at::kLong));
}

void SplitBatchNormImpl::train(bool on) {
  if (is_training() && !on) {
    const at::NoGradGuard no_grad;
    for (const at::Tensor& statistic : {running_mean, running_var}) {
      const at::Tensor by_split = statistic.view({options.num_splits, options.num_features});
      by_split.copy_(by_split.mean(0, /*keepdim=*/true));
    }
  }
  Module::train(on);
}

at::Tensor SplitBatchNormImpl::forward(const at::Tensor& x) {
  const std::int64_t features = options.num_features, splits = options.num_splits;
  TORCH_CHECK_VALUE(x.dim() == 4 && x.size(1) == features, "SplitBatchNorm: input must be [B, ",
                    features, ", H, W], got ", x.sizes());
  auto norm_options = torch::nn::functional::BatchNormFuncOptions()
                          .weight(weight)
                          .bias(bias)
                          .momentum(options.momentum)
                          .eps(options.eps);
  if (!is_training()) {
    return torch::nn::functional::batch_norm(x, running_mean.slice(0, 0, features),
                                             running_var.slice(0, 0, features), norm_options);
  }
  TORCH_CHECK_VALUE(x.size(0) % splits == 0,
                    "SplitBatchNorm: num_splits must divide the batch, got ", splits,
                    " splits of a batch of ", x.size(0));
  norm_options.weight(weight.repeat({splits})).bias(bias.repeat({splits})).training(true);
  const at::Tensor y = torch::nn::functional::batch_norm(splits_to_channels(x, splits),
                                                         running_mean, running_var, norm_options);
  return channels_to_splits(y, splits);
}

Norm2d::Norm2d(std::int64_t num_features, std::int64_t num_splits) {
  core::check_at_least("Norm2d", "num_features", num_features, 1);
  core::check_at_least("Norm2d", "num_splits", num_splits, 0);
  if (num_splits > 0) {
    norm_ = SplitBatchNorm({.num_features = num_features, .num_splits = num_splits});
  } else {
    norm_ = torch::nn::BatchNorm2d(num_features);
  }
}

at::Tensor Norm2d::operator()(const at::Tensor& x) {
  return std::visit([&](auto& norm) -> at::Tensor { return norm->forward(x); }, norm_);
}

const at::Tensor& Norm2d::weight() const {
  return std::visit([](const auto& norm) -> const at::Tensor& { return norm->weight; }, norm_);
}

const at::Tensor& Norm2d::bias() const {
  return std::visit([](const auto& norm) -> const at::Tensor& { return norm->bias; }, norm_);
}

const at::Tensor& Norm2d::running_mean() const {
  return std::visit([](const auto& norm) -> const at::Tensor& { return norm->running_mean; },
                    norm_);
}

const at::Tensor& Norm2d::running_var() const {
  return std::visit([](const auto& norm) -> const at::Tensor& { return norm->running_var; }, norm_);
}

std::shared_ptr<torch::nn::Module> Norm2d::ptr() const {
  return std::visit(
      [](const auto& norm) -> std::shared_ptr<torch::nn::Module> { return norm.ptr(); }, norm_);
}

Norm2d Norm2d::clone(const std::optional<at::Device>& device) const {
  return std::visit([&](const auto& norm) -> Norm2d { return clone_of(norm, device); }, norm_);
}

}  // namespace lightly::models
