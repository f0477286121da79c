#include "lightly/optim/sgd.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/add.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <c10/util/Exception.h>
#include <c10/util/StringUtil.h>

#include "lightly/core/check.hpp"

namespace lightly::optim {
namespace {

constexpr std::string_view kLearningRate = "lr";
constexpr std::string_view kMomentumBuffer = "momentum_buffer.";

// The i of `momentum_buffer.<i>`, or none for any other name.
std::optional<std::size_t> buffer_index(std::string_view name) {
  if (!name.starts_with(kMomentumBuffer)) {
    return std::nullopt;
  }
  const std::string_view digits = name.substr(kMomentumBuffer.size());
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  const bool canonical = error == std::errc() && end == digits.data() + digits.size() &&
                         std::to_string(index) == digits;
  return canonical ? std::optional(index) : std::nullopt;
}

at::Tensor copy_in_layout_of(const at::Tensor& parameter, const at::Tensor& value) {
  return at::empty_like(parameter).copy_(value);
}

}  // namespace

void SGDOptions::check() const {
  core::check_not_negative("SGD", "lr", lr);
  core::check_not_negative("SGD", "momentum", momentum);
  core::check_not_negative("SGD", "dampening", dampening);
  core::check_not_negative("SGD", "weight_decay", weight_decay);
  TORCH_CHECK_VALUE(!nesterov || (momentum > 0.0 && dampening == 0.0),
                    "SGD: nesterov needs momentum > 0 and dampening = 0, got momentum ", momentum,
                    " and dampening ", dampening);
}

SGD::SGD(std::vector<at::Tensor> parameters, SGDOptions options)
    : parameters_(std::move(parameters)), options_(options), momentum_buffers_(parameters_.size()) {
  options_.check();
  TORCH_CHECK_VALUE(!parameters_.empty(), "SGD: parameters must not be empty");
  std::unordered_set<const void*> seen;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& parameter = parameters_[i];
    TORCH_CHECK_VALUE(parameter.defined() && parameter.is_leaf(),
                      "SGD: every parameter must be a leaf of the graph, number ", i, " is not");
    TORCH_CHECK_VALUE(seen.insert(parameter.unsafeGetTensorImpl()).second,
                      "SGD: no parameter may be given twice, number ", i, " is");
  }
}

void SGD::set_lr(double lr) {
  core::check_not_negative("SGD", "lr", lr);
  options_.lr = lr;
}

void SGD::zero_grad() {
  for (at::Tensor& parameter : parameters_) {
    parameter.mutable_grad().reset();
  }
}

void SGD::step() {
  const at::NoGradGuard no_grad;
  std::vector<std::size_t> active;
  bool on_cpu = true;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& gradient = parameters_[i].grad();
    if (!gradient.defined()) {
      continue;
    }
    TORCH_CHECK(gradient.layout() == at::kStrided,
                "SGD: gradients must be dense, that of parameter ", i, " is ", gradient.layout());
    active.push_back(i);
    on_cpu = on_cpu && parameters_[i].is_cpu();
  }
  if (active.empty()) {
    return;
  }
  if (options_.foreach.value_or(!on_cpu)) {
    step_foreach(active);
  } else {
    step_one_by_one(active);
  }
}

at::Tensor SGD::scratch_like(const at::Tensor& parameter) {
  if (!parameter.is_non_overlapping_and_dense()) {
    return at::empty_like(parameter);
  }
  if (!scratch_.defined() || scratch_.scalar_type() != parameter.scalar_type() ||
      scratch_.device() != parameter.device() || scratch_.numel() < parameter.numel()) {
    scratch_ = at::empty({parameter.numel()}, parameter.options());
  }
  return scratch_.as_strided(parameter.sizes(), parameter.strides());
}

void SGD::step_one_by_one(const std::vector<std::size_t>& active) {
  for (const std::size_t i : active) {
    at::Tensor& parameter = parameters_[i];
    at::Tensor direction = parameter.grad();
    if (options_.weight_decay != 0.0) {
      at::Tensor decayed = scratch_like(parameter);
      at::add_out(decayed, direction, parameter, options_.weight_decay);
      direction = decayed;
    }
    if (options_.momentum != 0.0) {
      at::Tensor& buffer = momentum_buffers_[i];
      if (buffer.defined()) {
        buffer.mul_(options_.momentum).add_(direction, 1.0 - options_.dampening);
      } else {
        buffer = copy_in_layout_of(parameter, direction);
      }
      if (options_.nesterov) {
        at::Tensor ahead = scratch_like(parameter);
        at::add_out(ahead, direction, buffer, options_.momentum);
        direction = ahead;
      } else {
        direction = buffer;
      }
    }
    parameter.add_(direction, -options_.lr);
  }
}

void SGD::step_foreach(const std::vector<std::size_t>& active) {
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> directions;
  for (const std::size_t i : active) {
    parameters.push_back(parameters_[i]);
    directions.push_back(parameters_[i].grad());
  }
  if (options_.weight_decay != 0.0) {
    directions = at::_foreach_add(directions, parameters, options_.weight_decay);
  }
  if (options_.momentum != 0.0) {
    std::vector<at::Tensor> known;
    std::vector<at::Tensor> known_directions;
    std::vector<at::Tensor> buffers;
    for (std::size_t k = 0; k < active.size(); ++k) {
      at::Tensor& buffer = momentum_buffers_[active[k]];
      if (buffer.defined()) {
        known.push_back(buffer);
        known_directions.push_back(directions[k]);
      } else {
        buffer = copy_in_layout_of(parameters[k], directions[k]);
      }
      buffers.push_back(buffer);
    }
    if (!known.empty()) {
      at::_foreach_mul_(known, options_.momentum);
      at::_foreach_add_(known, known_directions, 1.0 - options_.dampening);
    }
    directions = options_.nesterov ? at::_foreach_add(directions, buffers, options_.momentum)
                                   : std::move(buffers);
  }
  at::_foreach_add_(parameters, directions, -options_.lr);
}

std::map<std::string, at::Tensor> SGD::state() const {
  std::map<std::string, at::Tensor> tensors;
  tensors[std::string(kLearningRate)] = at::scalar_tensor(options_.lr, at::kDouble);
  for (std::size_t i = 0; i < momentum_buffers_.size(); ++i) {
    if (momentum_buffers_[i].defined()) {
      tensors[std::string(kMomentumBuffer) + std::to_string(i)] = momentum_buffers_[i];
    }
  }
  return tensors;
}

std::vector<std::string> SGD::state_problems(const std::map<std::string, at::Tensor>& state) const {
  std::vector<std::string> problems;
  if (!state.contains(std::string(kLearningRate))) {
    problems.push_back("missing lr");
  }
  for (const auto& [name, tensor] : state) {
    if (!tensor.defined()) {
      problems.push_back("undefined " + name);
    } else if (name == kLearningRate) {
      if (tensor.dim() != 0 || tensor.scalar_type() != at::kDouble) {
        problems.push_back(c10::str("lr is ", tensor.scalar_type(), " ", tensor.sizes(),
                                    ", expected a Double scalar"));
      } else if (const double lr = tensor.item<double>(); !(lr >= 0.0 && std::isfinite(lr))) {
        problems.push_back(c10::str("lr is ", lr, ", expected >= 0 and finite"));
      }
    } else if (const auto index = buffer_index(name);
               !index || *index >= parameters_.size() || options_.momentum == 0.0) {
      problems.push_back("unexpected " + name);
    } else if (const at::Tensor& parameter = parameters_[*index];
               tensor.sizes() != parameter.sizes() ||
               tensor.scalar_type() != parameter.scalar_type()) {
      problems.push_back(c10::str(name, " is ", tensor.scalar_type(), " ", tensor.sizes(),
                                  ", expected ", parameter.scalar_type(), " ", parameter.sizes()));
    }
  }
  return problems;
}

void SGD::load_state(const std::map<std::string, at::Tensor>& state) {
  const std::vector<std::string> problems = state_problems(state);
  TORCH_CHECK_VALUE(problems.empty(), "SGD: the state does not fit: ", c10::Join("; ", problems));
  const at::NoGradGuard no_grad;
  std::fill(momentum_buffers_.begin(), momentum_buffers_.end(), at::Tensor());
  for (const auto& [name, tensor] : state) {
    if (name == kLearningRate) {
      options_.lr = tensor.item<double>();
    } else {
      const std::size_t index = *buffer_index(name);
      momentum_buffers_[index] = copy_in_layout_of(parameters_[index], tensor);
    }
  }
}

}  // namespace lightly::optim
