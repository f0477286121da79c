#include "lightly/optim/sgd.hpp"

#include <utility>

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/add.h>
#include <ATen/ops/empty_like.h>

#include "lightly/core/check.hpp"
#include "optim/momentum.hpp"

namespace lightly::optim {
namespace {

constexpr std::size_t kMomentumBuffer = 0;

}  // namespace

void SGDOptions::check() const {
  core::check_not_negative("SGD", "lr", lr);
  core::check_not_negative("SGD", "weight_decay", weight_decay);
  Momentum::of(*this).check("SGD");
}

SGD::SGD(std::vector<at::Tensor> parameters, SGDOptions options)
    : SGD(std::vector<ParameterGroup>{{.parameters = std::move(parameters)}}, options) {}

SGD::SGD(std::vector<ParameterGroup> groups, SGDOptions options)
    : Optimizer(std::move(groups),
                {.name = "SGD",
                 .lr = options.lr,
                 .weight_decay = options.weight_decay,
                 .memories = options.momentum == 0.0 ? std::vector<Memory>{}
                                                     : std::vector<Memory>{{"momentum_buffer"}}}),
      options_(options) {
  options_.check();
}

void SGD::update(const Part& part) {
  if (options_.foreach.value_or(!part.on_cpu)) {
    update_foreach(part);
  } else {
    update_one_by_one(part);
  }
}

void SGD::update_one_by_one(const Part& part) {
  for (const std::size_t i : part.numbers) {
    const at::Tensor& parameter = parameters()[i];
    at::Tensor direction = parameter.grad();
    at::Tensor scratch = scratch_like(parameter);
    if (part.weight_decay != 0.0) {
      direction = at::add_out(scratch, direction, parameter, part.weight_decay);
    }
    if (options_.momentum != 0.0) {
      direction = Momentum::of(options_).apply(direction, memory(kMomentumBuffer)[i], scratch);
    }
    parameter.add_(direction, -part.lr);
  }
}

void SGD::update_foreach(const Part& part) {
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> directions;
  for (const std::size_t i : part.numbers) {
    parameters.push_back(this->parameters()[i]);
    directions.push_back(parameters.back().grad());
  }
  if (part.weight_decay != 0.0) {
    directions = at::_foreach_add(directions, parameters, part.weight_decay);
  }
  if (options_.momentum != 0.0) {
    std::vector<at::Tensor> known;
    std::vector<at::Tensor> known_directions;
    std::vector<at::Tensor> buffers;
    for (std::size_t k = 0; k < part.numbers.size(); ++k) {
      at::Tensor& buffer = memory(kMomentumBuffer)[part.numbers[k]];
      if (buffer.defined()) {
        known.push_back(buffer);
        known_directions.push_back(directions[k]);
      } else {
        buffer = at::empty_like(parameters[k]).copy_(directions[k]);
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
  at::_foreach_add_(parameters, directions, -part.lr);
}

}  // namespace lightly::optim
