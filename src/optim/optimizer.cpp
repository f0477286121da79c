#include "lightly/optim/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <unordered_set>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>
#include <c10/util/StringUtil.h>

#include "core/alike.hpp"
#include "lightly/core/check.hpp"

namespace lightly::optim {
namespace {

constexpr const char* kLr = "lr";
constexpr const char* kGroupSize = "groups.size";
constexpr const char* kGroupLrFactor = "groups.lr_factor";
constexpr const char* kGroupWeightDecay = "groups.weight_decay";

std::string numbered(const char* name, std::size_t number) {
  return std::string(name) + "." + std::to_string(number);
}

// One value of each group as a tensor [G].
template <typename Value>
at::Tensor of_groups(const std::vector<ParameterGroup>& groups, const Value& value) {
  std::vector<decltype(value(groups[0]))> values;
  for (const ParameterGroup& group : groups) {
    values.push_back(value(group));
  }
  return at::tensor(values);
}

at::Tensor sizes_of(const std::vector<ParameterGroup>& groups) {
  return of_groups(groups, [](const ParameterGroup& group) {
    return static_cast<std::int64_t>(group.parameters.size());
  });
}

std::vector<double> values_of(const at::Tensor& tensor) {
  const at::Tensor values = tensor.to(at::kCPU, at::kDouble).contiguous();
  const auto* first = values.const_data_ptr<double>();
  return {first, first + values.numel()};
}

bool has_any(const Optimizer::State& state, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return state.contains(name); });
}

struct Expected {
  at::ScalarType type = at::kDouble;
  at::IntArrayRef sizes = {};
  // Every value is at least this and finite.
  std::optional<double> least = std::nullopt;
};

// What is wrong with a tensor, or nothing.
std::string problem_of(const std::string& name, const at::Tensor& tensor,
                       const Expected& expected) {
  if (!tensor.defined()) {
    return "undefined " + name;
  }
  if (tensor.sizes() != expected.sizes || tensor.scalar_type() != expected.type) {
    return c10::str(name, " is ", tensor.scalar_type(), " ", tensor.sizes(), ", expected ",
                    expected.type, " ", expected.sizes);
  }
  if (expected.least) {
    const std::vector<double> values = values_of(tensor);
    const bool right = std::all_of(values.begin(), values.end(), [&](double value) {
      return value >= *expected.least && std::isfinite(value);
    });
    if (!right) {
      return c10::str(name, " is ", values, ", expected >= ", *expected.least, " and finite");
    }
  }
  return {};
}

}  // namespace

Optimizer::Optimizer(std::vector<ParameterGroup> groups, Setup setup)
    : groups_(std::move(groups)), setup_(std::move(setup)), lr_(setup_.lr) {
  const char* const name = setup_.name;
  std::unordered_set<const void*> seen;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    ParameterGroup& group = groups_[g];
    const std::string prefix = "groups[" + std::to_string(g) + "].";
    if (group.weight_decay) {
      core::check_not_negative(name, prefix + "weight_decay", *group.weight_decay);
    }
    group.weight_decay = group.weight_decay.value_or(setup_.weight_decay);
    core::check_not_negative(name, prefix + "lr_factor", group.lr_factor);
    for (const at::Tensor& parameter : group.parameters) {
      const std::size_t number = parameters_.size();
      TORCH_CHECK_VALUE(parameter.defined() && parameter.is_leaf(), name,
                        ": every parameter must be a leaf of the graph, number ", number,
                        " is not");
      TORCH_CHECK_VALUE(seen.insert(parameter.unsafeGetTensorImpl()).second, name,
                        ": no parameter may be given twice, number ", number, " is");
      parameters_.push_back(parameter);
    }
  }
  TORCH_CHECK_VALUE(!parameters_.empty(), name, ": parameters must not be empty");
  for (Memory& memory : setup_.memories) {
    memory.tensors.resize(parameters_.size());
  }
}

void Optimizer::set_lr(double lr) {
  core::check_not_negative(setup_.name, "lr", lr);
  lr_ = lr;
}

void Optimizer::set_weight_decay(std::size_t group, double weight_decay) {
  TORCH_CHECK_INDEX(group < groups_.size(), setup_.name, ": group must be in [0, ", groups_.size(),
                    "), got ", group);
  core::check_not_negative(setup_.name, "weight_decay", weight_decay);
  groups_[group].weight_decay = weight_decay;
}

void Optimizer::zero_grad() {
  for (at::Tensor& parameter : parameters_) {
    parameter.mutable_grad().reset();
  }
}

void Optimizer::step() {
  const at::NoGradGuard no_grad;
  std::vector<Part> parts;
  std::size_t number = 0;
  for (const ParameterGroup& group : groups_) {
    Part part{.lr = lr_ * group.lr_factor, .weight_decay = *group.weight_decay};
    for (const at::Tensor& parameter : group.parameters) {
      if (const at::Tensor& gradient = parameter.grad(); gradient.defined()) {
        TORCH_CHECK(gradient.layout() == at::kStrided, setup_.name,
                    ": gradients must be dense, that of parameter ", number, " is ",
                    gradient.layout());
        TORCH_CHECK(core::alike(gradient, parameter), setup_.name, ": the gradient of parameter ",
                    number, " must be like it, ", core::kind_of(parameter), ", got ",
                    core::kind_of(gradient));
        check_memories(number);
        part.numbers.push_back(number);
        part.on_cpu = part.on_cpu && parameter.is_cpu();
      }
      ++number;
    }
    parts.push_back(std::move(part));
  }
  for (const Part& part : parts) {
    if (!part.numbers.empty()) {
      update(part);
    }
  }
}

void Optimizer::check_memories(std::size_t number) const {
  const at::Tensor& parameter = parameters_[number];
  for (const Memory& memory : setup_.memories) {
    const at::Tensor& remembered = memory.tensors[number];
    TORCH_CHECK(memory.is_count || !remembered.defined() || core::alike(remembered, parameter),
                setup_.name, ": parameter ", number, " must stay as it was at its last step, ",
                core::kind_of(remembered), ", got ", core::kind_of(parameter));
  }
}

at::Tensor Optimizer::scratch_like(const at::Tensor& parameter) {
  if (!parameter.is_non_overlapping_and_dense()) {
    return at::empty_like(parameter);
  }
  if (!scratch_.defined() || scratch_.scalar_type() != parameter.scalar_type() ||
      scratch_.device() != parameter.device() || scratch_.numel() < parameter.numel()) {
    scratch_ = at::empty({parameter.numel()}, parameter.options());
  }
  return scratch_.as_strided(parameter.sizes(), parameter.strides());
}

Optimizer::State Optimizer::state() const {
  State state;
  state[kLr] = at::scalar_tensor(lr_, at::kDouble);
  state[kGroupSize] = sizes_of(groups_);
  state[kGroupLrFactor] =
      of_groups(groups_, [](const ParameterGroup& group) { return group.lr_factor; });
  state[kGroupWeightDecay] =
      of_groups(groups_, [](const ParameterGroup& group) { return *group.weight_decay; });
  for (const Memory& memory : setup_.memories) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (memory.tensors[i].defined()) {
        state[numbered(memory.name, i)] = memory.tensors[i];
      }
    }
  }
  return state;
}

std::vector<std::string> Optimizer::state_problems(const State& state) const {
  // Every tensor there may be, and the names of those there must be.
  std::map<std::string, Expected> known;
  std::vector<std::string> needed{kLr};
  known[kLr] = {.type = at::kDouble, .least = 0.0};
  const auto group_count = static_cast<std::int64_t>(groups_.size());
  known[kGroupSize] = {.type = at::kLong, .sizes = group_count};
  known[kGroupLrFactor] = {.type = at::kDouble, .sizes = group_count, .least = 0.0};
  known[kGroupWeightDecay] = known[kGroupLrFactor];
  const std::vector<std::string> of_all_groups{kGroupSize, kGroupLrFactor, kGroupWeightDecay};
  if (group_count > 1 || has_any(state, of_all_groups)) {
    needed.insert(needed.end(), of_all_groups.begin(), of_all_groups.end());
  }
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    std::vector<std::string> of_parameter;
    for (const Memory& memory : setup_.memories) {
      of_parameter.push_back(numbered(memory.name, i));
      known[of_parameter.back()] = memory.is_count ? Expected{.type = at::kLong, .least = 1.0}
                                                   : Expected{.type = parameters_[i].scalar_type(),
                                                              .sizes = parameters_[i].sizes()};
    }
    if (has_any(state, of_parameter)) {
      needed.insert(needed.end(), of_parameter.begin(), of_parameter.end());
    }
  }

  std::vector<std::string> problems;
  for (const std::string& name : needed) {
    if (!state.contains(name)) {
      problems.push_back("missing " + name);
    }
  }
  for (const auto& [name, tensor] : state) {
    const auto found = known.find(name);
    std::string problem =
        found == known.end() ? "unexpected " + name : problem_of(name, tensor, found->second);
    if (problem.empty() && name == kGroupSize && !tensor.cpu().equal(sizes_of(groups_))) {
      problem =
          c10::str(name, " is ", values_of(tensor), ", expected ", values_of(sizes_of(groups_)));
    }
    if (!problem.empty()) {
      problems.push_back(std::move(problem));
    }
  }
  return problems;
}

void Optimizer::load_state(const State& state) {
  const std::vector<std::string> problems = state_problems(state);
  TORCH_CHECK_VALUE(problems.empty(), setup_.name,
                    ": the state does not fit: ", c10::Join("; ", problems));
  const at::NoGradGuard no_grad;
  lr_ = state.at(kLr).item<double>();
  if (state.contains(kGroupSize)) {
    const std::vector<double> factors = values_of(state.at(kGroupLrFactor));
    const std::vector<double> decays = values_of(state.at(kGroupWeightDecay));
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      groups_[g].lr_factor = factors[g];
      groups_[g].weight_decay = decays[g];
    }
  }
  for (Memory& memory : setup_.memories) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const auto found = state.find(numbered(memory.name, i));
      at::Tensor& tensor = memory.tensors[i];
      if (found == state.end()) {
        tensor.reset();
      } else {
        tensor = memory.is_count ? at::empty({}, at::kLong) : at::empty_like(parameters_[i]);
        tensor.copy_(found->second);
      }
    }
  }
}

}  // namespace lightly::optim
