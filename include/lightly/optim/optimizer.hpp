#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/optim/parameter_groups.hpp"

namespace lightly::optim {

/// What every optimizer has: parameters in groups, a learning rate, and a state for checkpoints.
///
/// Parameters are numbered from 0 through the groups. A gradient that is not finite spreads to its
/// parameter and what is remembered of it: check the loss first (training::check_finite_loss).
class Optimizer {
 public:
  using State = std::map<std::string, at::Tensor>;

  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// One step with the gradients the parameters hold; those without one are left alone.
  ///
  /// Throws c10::Error, and then nothing has moved, for a gradient that is sparse or has not its
  /// parameter's shape, dtype and device, and for a parameter that has others than at its last
  /// step.
  void step();

  /// Drops the gradients: the next backward then writes instead of adding.
  void zero_grad();

  double lr() const { return lr_; }
  /// Throws c10::ValueError unless `lr` >= 0 and finite.
  void set_lr(double lr);

  /// Throws c10::IndexError for a group that is not there, c10::ValueError unless `weight_decay` >=
  /// 0 and finite.
  void set_weight_decay(std::size_t group, double weight_decay);

  /// The groups, each with the weight decay it has.
  const std::vector<ParameterGroup>& groups() const { return groups_; }
  /// The parameters by their numbers.
  const std::vector<at::Tensor>& parameters() const { return parameters_; }

  /// What a checkpoint must keep: `lr` (a float64 scalar); of the G groups `groups.size` (int64
  /// [G]), `groups.lr_factor` and `groups.weight_decay` (float64 [G]); and what the optimizer
  /// remembers of each parameter that has taken a step, as `<what>.<number>`. The tensors that are
  /// remembered are the optimizer's own.
  State state() const;

  /// What `load_state(state)` would reject, one line each; empty when it fits.
  std::vector<std::string> state_problems(const State& state) const;

  /// Takes copies of the tensors in the device and memory layout of the parameters, and forgets
  /// what is not named. `groups.*` may be missing where there is one group, which then stays as it
  /// is. Throws c10::ValueError with every missing or unknown name, wrong shape, type or value, and
  /// then changes nothing.
  void load_state(const State& state);

 protected:
  /// Something remembered of each parameter: `<name>.<number>` in the state.
  struct Memory {
    const char* name;
    /// A count of steps, >= 1: an int64 scalar on the CPU; else a tensor in the parameter's layout.
    bool is_count = false;
    /// By the parameter's number; undefined before its first step.
    std::vector<at::Tensor> tensors = {};
  };

  struct Setup {
    /// Of the class, for the texts of errors.
    const char* name;
    double lr;
    /// Of groups without their own.
    double weight_decay;
    /// Of a parameter, all are there or none.
    std::vector<Memory> memories;
  };

  /// The parameters of a group that have a gradient, by their numbers, and how they are to move.
  struct Part {
    std::vector<std::size_t> numbers = {};
    double lr;
    double weight_decay;
    bool on_cpu = true;
  };

  /// Throws c10::ValueError when there is no parameter, when one is no leaf of the graph or there
  /// twice, and for a group's bad values.
  Optimizer(std::vector<ParameterGroup> groups, Setup setup);
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(Optimizer&&) = default;

  /// The tensors of the setup's memory of that place, by the parameter's number.
  std::vector<at::Tensor>& memory(std::size_t place) { return setup_.memories[place].tensors; }

  /// Memory of the size and layout of `parameter`, the same at every call, so that no step
  /// allocates.
  at::Tensor scratch_like(const at::Tensor& parameter);

 private:
  virtual void update(const Part& part) = 0;
  /// Throws c10::Error unless what is remembered of the parameter is like it.
  void check_memories(std::size_t number) const;

  std::vector<ParameterGroup> groups_;
  std::vector<at::Tensor> parameters_;
  Setup setup_;
  double lr_;
  at::Tensor scratch_;
};

}  // namespace lightly::optim
