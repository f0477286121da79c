#include "lightly/optim/lars.hpp"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/where.h>

#include "lightly/core/check.hpp"
#include "optim/momentum.hpp"

namespace lightly::optim {

void LARSOptions::check() const {
  core::check_not_negative("LARS", "lr", lr);
  core::check_not_negative("LARS", "weight_decay", weight_decay);
  core::check_not_negative("LARS", "trust_coefficient", trust_coefficient);
  core::check_not_negative("LARS", "eps", eps);
  Momentum::of(*this).check("LARS");
}

LARS::LARS(std::vector<at::Tensor> parameters, LARSOptions options)
    : LARS(std::vector<ParameterGroup>{{.parameters = std::move(parameters)}}, options) {}

LARS::LARS(std::vector<ParameterGroup> groups, LARSOptions options)
    : Optimizer(std::move(groups),
                {.name = "LARS",
                 .lr = options.lr,
                 .weight_decay = options.weight_decay,
                 .memories = options.momentum == 0.0 ? std::vector<Memory>{}
                                                     : std::vector<Memory>{{"momentum_buffer"}}}),
      options_(options) {
  options_.check();
}

// A scalar that stays on its device: reading the lengths would wait for it at every parameter.
at::Tensor LARS::trust_ratio(const at::Tensor& parameter, double weight_decay) const {
  const at::Tensor length = at::linalg_vector_norm(parameter);
  const at::Tensor gradient_length = at::linalg_vector_norm(parameter.grad());
  const at::Tensor ratio = length / (gradient_length + length * weight_decay + options_.eps) *
                           options_.trust_coefficient;
  // With a gradient of 0 the decay, which is added already, must not count.
  return at::where(length == 0, 1.0, at::where(gradient_length == 0, 0.0, ratio));
}

void LARS::update(const Part& part) {
  for (const std::size_t i : part.numbers) {
    const at::Tensor& parameter = parameters()[i];
    at::Tensor direction = parameter.grad();
    at::Tensor scratch = scratch_like(parameter);
    if (part.weight_decay != 0.0) {
      direction = at::add_out(scratch, direction, parameter, part.weight_decay)
                      .mul_(trust_ratio(parameter, part.weight_decay));
    }
    if (options_.momentum != 0.0) {
      direction = Momentum::of(options_).apply(direction, memory(0)[i], scratch);
    }
    parameter.add_(direction, -part.lr);
  }
}

}  // namespace lightly::optim
