#include "lightly/optim/adamw.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_maximum.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/Exception.h>

#include "core/share_layout.hpp"
#include "lightly/core/check.hpp"

namespace lightly::optim {
namespace {

// Places of the memories.
enum Place : std::size_t { kStep, kExpAvg, kExpAvgSq, kMaxExpAvgSq };

// What a step divides by, for means that began at 0.
struct Correction {
  double exp_avg;
  double root_of_exp_avg_sq;
};

Correction correction(const std::array<double, 2>& betas, const at::Tensor& step) {
  const auto t = static_cast<double>(*step.const_data_ptr<std::int64_t>());
  // pow and not sqrt, as Python's ** 0.5.
  return {1.0 - std::pow(betas[0], t), std::pow(1.0 - std::pow(betas[1], t), 0.5)};
}

std::vector<at::Tensor> pick(const std::vector<at::Tensor>& tensors,
                             const std::vector<std::size_t>& numbers) {
  std::vector<at::Tensor> picked;
  for (const std::size_t i : numbers) {
    picked.push_back(tensors[i]);
  }
  return picked;
}

std::vector<at::Tensor> gradients_of(const std::vector<at::Tensor>& parameters) {
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters) {
    gradients.push_back(parameter.grad());
  }
  return gradients;
}

}  // namespace

void AdamWOptions::check() const {
  core::check_not_negative("AdamW", "lr", lr);
  for (const double beta : betas) {
    TORCH_CHECK_VALUE(beta >= 0.0 && beta < 1.0, "AdamW: betas must be in [0, 1), got ", betas[0],
                      " and ", betas[1]);
  }
  core::check_not_negative("AdamW", "eps", eps);
  core::check_not_negative("AdamW", "weight_decay", weight_decay);
}

AdamW::AdamW(std::vector<at::Tensor> parameters, AdamWOptions options)
    : AdamW(std::vector<ParameterGroup>{{.parameters = std::move(parameters)}}, options) {}

AdamW::AdamW(std::vector<ParameterGroup> groups, AdamWOptions options)
    : Optimizer(std::move(groups), {.name = "AdamW",
                                    .lr = options.lr,
                                    .weight_decay = options.weight_decay,
                                    .memories = memories(options.amsgrad)}),
      options_(options) {
  options_.check();
  for (std::size_t i = 0; i < parameters().size(); ++i) {
    TORCH_CHECK_VALUE(parameters()[i].is_floating_point(),
                      "AdamW: parameters must be real floats, number ", i, " is ",
                      parameters()[i].scalar_type());
  }
}

std::vector<Optimizer::Memory> AdamW::memories(bool amsgrad) {
  std::vector<Memory> all{
      {.name = "step", .is_count = true}, {.name = "exp_avg"}, {.name = "exp_avg_sq"}};
  if (amsgrad) {
    all.push_back({.name = "max_exp_avg_sq"});
  }
  return all;
}

void AdamW::update(const Part& part) {
  for (const std::size_t i : part.numbers) {
    at::Tensor& step = memory(kStep)[i];
    if (!step.defined()) {
      step = at::zeros({}, at::kLong);
      memory(kExpAvg)[i] = at::zeros_like(parameters()[i]);
      memory(kExpAvgSq)[i] = at::zeros_like(parameters()[i]);
      if (options_.amsgrad) {
        memory(kMaxExpAvgSq)[i] = at::zeros_like(parameters()[i]);
      }
    }
    step.add_(1);
  }
  if (!part.on_cpu || !options_.fused.value_or(true)) {
    update_each(part);
    return;
  }
  // The fused kernel goes through memory and does not look at strides.
  Part fused = part;
  const auto others =
      std::stable_partition(fused.numbers.begin(), fused.numbers.end(), [this](std::size_t i) {
        const at::Tensor& parameter = parameters()[i];
        return core::share_layout(parameter, parameter.grad()) &&
               core::share_layout(parameter, memory(kExpAvg)[i]);
      });
  Part rest = part;
  rest.numbers.assign(others, fused.numbers.end());
  fused.numbers.erase(others, fused.numbers.end());
  update_fused(fused);
  update_each(rest);
}

void AdamW::update_each(const Part& part) {
  if (options_.foreach.value_or(!part.on_cpu)) {
    update_foreach(part);
  } else {
    update_one_by_one(part);
  }
}

void AdamW::update_one_by_one(const Part& part) {
  for (const std::size_t i : part.numbers) {
    const at::Tensor& parameter = parameters()[i];
    const at::Tensor& gradient = parameter.grad();
    const at::Tensor& exp_avg = memory(kExpAvg)[i];
    at::Tensor exp_avg_sq = memory(kExpAvgSq)[i];
    if (part.weight_decay != 0.0) {
      parameter.mul_(1.0 - part.lr * part.weight_decay);
    }
    exp_avg.lerp_(gradient, 1.0 - options_.betas[0]);
    exp_avg_sq.mul_(options_.betas[1]).addcmul_(gradient, gradient, 1.0 - options_.betas[1]);
    if (options_.amsgrad) {
      at::Tensor& largest = memory(kMaxExpAvgSq)[i];
      exp_avg_sq = at::maximum_out(largest, largest, exp_avg_sq);
    }
    const Correction by = correction(options_.betas, memory(kStep)[i]);
    at::Tensor scratch = scratch_like(parameter);
    at::sqrt_out(scratch, exp_avg_sq).div_(by.root_of_exp_avg_sq).add_(options_.eps);
    parameter.addcdiv_(exp_avg, scratch, -(part.lr / by.exp_avg));
  }
}

void AdamW::update_foreach(const Part& part) {
  if (part.numbers.empty()) {
    return;
  }
  const std::vector<at::Tensor> parameters = pick(this->parameters(), part.numbers);
  const std::vector<at::Tensor> gradients = gradients_of(parameters);
  const std::vector<at::Tensor> exp_avgs = pick(memory(kExpAvg), part.numbers);
  std::vector<at::Tensor> exp_avg_sqs = pick(memory(kExpAvgSq), part.numbers);
  if (part.weight_decay != 0.0) {
    at::_foreach_mul_(parameters, 1.0 - part.lr * part.weight_decay);
  }
  at::_foreach_lerp_(exp_avgs, gradients, 1.0 - options_.betas[0]);
  at::_foreach_mul_(exp_avg_sqs, options_.betas[1]);
  at::_foreach_addcmul_(exp_avg_sqs, gradients, gradients, 1.0 - options_.betas[1]);
  if (options_.amsgrad) {
    std::vector<at::Tensor> largest = pick(memory(kMaxExpAvgSq), part.numbers);
    at::_foreach_maximum_(largest, exp_avg_sqs);
    exp_avg_sqs = std::move(largest);
  }
  std::vector<at::Scalar> roots;
  std::vector<at::Scalar> step_sizes;
  for (const std::size_t i : part.numbers) {
    const Correction by = correction(options_.betas, memory(kStep)[i]);
    roots.emplace_back(by.root_of_exp_avg_sq);
    step_sizes.emplace_back(-(part.lr / by.exp_avg));
  }
  const std::vector<at::Tensor> denominators = at::_foreach_sqrt(exp_avg_sqs);
  at::_foreach_div_(denominators, roots);
  at::_foreach_add_(denominators, options_.eps);
  at::_foreach_addcdiv_(parameters, exp_avgs, denominators, step_sizes);
}

void AdamW::update_fused(const Part& part) {
  if (part.numbers.empty()) {
    return;
  }
  const std::vector<at::Tensor> parameters = pick(this->parameters(), part.numbers);
  const std::vector<at::Tensor> largest =
      options_.amsgrad ? pick(memory(kMaxExpAvgSq), part.numbers) : std::vector<at::Tensor>();
  at::_fused_adamw_(parameters, gradients_of(parameters), pick(memory(kExpAvg), part.numbers),
                    pick(memory(kExpAvgSq), part.numbers), largest,
                    pick(memory(kStep), part.numbers), part.lr, options_.betas[0],
                    options_.betas[1], part.weight_decay, options_.eps, options_.amsgrad,
                    /*maximize=*/false);
}

}  // namespace lightly::optim
