#include "lightly/models/momentum.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/randperm.h>
#include <c10/util/Exception.h>
#include <torch/ordered_dict.h>

#include "core/alike.hpp"
#include "core/share_layout.hpp"
#include "lightly/core/check.hpp"

namespace lightly::models {
namespace {

using NamedTensors = torch::OrderedDict<std::string, at::Tensor>;

// Elements that are worth a thread.
constexpr std::int64_t kGrain = 1 << 16;

struct Pairs {
  std::vector<at::Tensor> from, to;
};

// For pairs on the CPU of which each lies in one order in memory.
template <typename Scalar>
void average(const Pairs& pairs, double m) {
  const auto keep = static_cast<Scalar>(m);
  const auto take = static_cast<Scalar>(1.0 - m);
  std::vector<const Scalar*> from;
  std::vector<Scalar*> to;
  std::vector<std::int64_t> ends;  // the pairs' elements in one row: pair i ends before ends[i]
  std::int64_t total = 0;
  for (std::size_t i = 0; i < pairs.to.size(); ++i) {
    from.push_back(pairs.from[i].const_data_ptr<Scalar>());
    to.push_back(pairs.to[i].mutable_data_ptr<Scalar>());
    total += pairs.to[i].numel();
    ends.push_back(total);
  }
  at::parallel_for(0, total, kGrain, [&](std::int64_t begin, std::int64_t end) {
    const auto first = std::upper_bound(ends.begin(), ends.end(), begin);
    for (auto i = static_cast<std::size_t>(first - ends.begin()); begin < end; ++i) {
      const std::int64_t start = i == 0 ? 0 : ends[i - 1];
      const std::int64_t count = std::min(end, ends[i]) - begin;
      Scalar* k = to[i] + (begin - start);
      const Scalar* q = from[i] + (begin - start);
      for (std::int64_t j = 0; j < count; ++j) {
        k[j] = k[j] * keep + q[j] * take;
      }
      begin += count;
    }
  });
  for (const at::Tensor& tensor : pairs.to) {
    tensor.unsafeGetTensorImpl()->bump_version();  // as every in-place operator does
  }
}

void average(const std::vector<at::Tensor>& from, const std::vector<at::Tensor>& to, double m) {
  const at::NoGradGuard no_grad;
  Pairs floats, doubles, others;
  std::unordered_set<const void*> seen;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (!seen.insert(to[i].unsafeGetTensorImpl()).second) {
      continue;  // a parameter under two names
    }
    const bool dense = to[i].is_cpu() && core::share_layout(from[i], to[i]);
    Pairs& pairs = dense && to[i].scalar_type() == at::kFloat    ? floats
                   : dense && to[i].scalar_type() == at::kDouble ? doubles
                                                                 : others;
    pairs.from.push_back(from[i].detach());
    pairs.to.push_back(to[i]);
  }
  average<float>(floats, m);
  average<double>(doubles, m);
  if (!others.to.empty()) {
    at::_foreach_mul_(others.to, m);
    at::_foreach_add_(others.to, others.from, 1.0 - m);
  }
}

void check_pair(const std::string& name, const at::Tensor& model, const at::Tensor& model_ema) {
  TORCH_CHECK_VALUE(core::alike(model, model_ema), "update_momentum: ", name,
                    " must be alike in both models, got ", core::kind_of(model), " and ",
                    core::kind_of(model_ema));
}

void check_averageable(const std::string& name, const at::Tensor& tensor) {
  TORCH_CHECK_VALUE(tensor.is_floating_point() || tensor.is_complex(), "update_momentum: ", name,
                    " must be floating point, got ", tensor.scalar_type());
}

void check_pairs(const char* kind, const NamedTensors& model, const NamedTensors& model_ema) {
  for (std::size_t i = 0; i < std::min(model.size(), model_ema.size()); ++i) {
    check_pair(std::string(kind) + " " + model_ema[i].key(), model[i].value(),
               model_ema[i].value());
  }
  const auto& longer = model.size() > model_ema.size() ? model : model_ema;
  TORCH_CHECK_VALUE(model.size() == model_ema.size(), "update_momentum: both models must have as ",
                    "many ", kind, "s, got ", model.size(), " and ", model_ema.size(), "; ",
                    longer[std::min(model.size(), model_ema.size())].key(), " has no counterpart");
}

}  // namespace

void UpdateMomentumOptions::check() const {
  core::check_probability("update_momentum", "m", m);
}

void update_momentum(const torch::nn::Module& model, const torch::nn::Module& model_ema,
                     UpdateMomentumOptions options) {
  options.check();
  const NamedTensors parameters_ema = model_ema.named_parameters();
  check_pairs("parameter", model.named_parameters(), parameters_ema);
  for (const auto& item : parameters_ema) {
    check_averageable("parameter " + item.key(), item.value());
  }
  std::vector<at::Tensor> from = model.parameters();
  std::vector<at::Tensor> to = model_ema.parameters();
  if (options.average_buffers) {
    check_pairs("buffer", model.named_buffers(), model_ema.named_buffers());
    const std::vector<at::Tensor> buffers = model.buffers();
    std::vector<at::Tensor> buffers_ema = model_ema.buffers();
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      if (buffers[i].is_floating_point()) {
        from.push_back(buffers[i]);
        to.push_back(buffers_ema[i]);
      } else {
        buffers_ema[i].copy_(buffers[i]);
      }
    }
  }
  average(from, to, options.m);
}

void update_momentum(const std::vector<at::Tensor>& model, const std::vector<at::Tensor>& model_ema,
                     double m) {
  UpdateMomentumOptions{.m = m}.check();
  TORCH_CHECK_VALUE(model.size() == model_ema.size(),
                    "update_momentum: both lists must be as long, got ", model.size(), " and ",
                    model_ema.size(), " tensors");
  for (std::size_t i = 0; i < model.size(); ++i) {
    const std::string name = "tensor " + std::to_string(i);
    check_pair(name, model[i], model_ema[i]);
    check_averageable(name, model_ema[i]);
  }
  average(model, model_ema, m);
}

void deactivate_requires_grad(const torch::nn::Module& model) {
  for (at::Tensor& parameter : model.parameters()) {
    parameter.requires_grad_(false);
  }
}

void activate_requires_grad(const torch::nn::Module& model) {
  for (at::Tensor& parameter : model.parameters()) {
    parameter.requires_grad_(true);
  }
}

ShuffledBatch batch_shuffle(const at::Tensor& batch,
                            const std::optional<at::Generator>& generator) {
  TORCH_CHECK_VALUE(batch.dim() >= 1, "batch_shuffle: batch must be [B, ...], got a scalar");
  const at::NoGradGuard no_grad;
  const at::Device device = generator ? generator->device() : at::Device(at::kCPU);
  const at::Tensor shuffle =
      at::randperm(batch.size(0), generator, at::TensorOptions(at::kLong).device(device))
          .to(batch.device());
  return {.batch = batch.index_select(0, shuffle), .shuffle = shuffle};
}

at::Tensor batch_unshuffle(const at::Tensor& batch, const at::Tensor& shuffle) {
  TORCH_CHECK_VALUE(batch.dim() >= 1 && shuffle.scalar_type() == at::kLong && shuffle.dim() == 1 &&
                        shuffle.size(0) == batch.size(0),
                    "batch_unshuffle: shuffle must be int64 [B] for a batch [B, ...], got ",
                    shuffle.scalar_type(), " ", shuffle.sizes(), " for ", batch.sizes());
  TORCH_CHECK_VALUE(shuffle.device() == batch.device(),
                    "batch_unshuffle: shuffle must be on the batch's device, ", batch.device(),
                    ", got ", shuffle.device());
  const at::NoGradGuard no_grad;
  return at::index_copy(batch, 0, shuffle, batch);
}

}  // namespace lightly::models
