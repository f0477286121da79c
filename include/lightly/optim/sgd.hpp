#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace lightly::optim {

struct SGDOptions {
  /// Learning rate, >= 0.
  double lr = 1e-3;
  /// Factor of the momentum buffer, >= 0; 0 keeps no buffer.
  double momentum = 0.0;
  /// The gradient enters the buffer times 1 - dampening, from the second step on.
  double dampening = 0.0;
  /// L2 penalty, >= 0, added to the gradient as weight_decay * parameter.
  double weight_decay = 0.0;
  /// Looks ahead by one momentum step; needs momentum > 0 and dampening = 0.
  bool nesterov = false;
  /// One kernel for a list of tensors instead of one a tensor; none: on accelerators, not on the
  /// CPU, where going tensor by tensor is faster. The values are the same.
  std::optional<bool> foreach = std::nullopt;

  /// Throws c10::ValueError for values outside the ranges above.
  void check() const;
};

/// Stochastic gradient descent with momentum, the values of torch.optim.SGD bit for bit.
///
/// Parameters without a gradient are left alone. Deterministic: the same gradients give the same
/// parameters for any number of threads.
class SGD {
 public:
  /// Throws c10::ValueError for bad options, an empty list, a tensor that is no leaf, or one that
  /// is there twice.
  SGD(std::vector<at::Tensor> parameters, SGDOptions options);

  /// One step with the gradients the parameters hold; throws c10::Error for a sparse one.
  void step();

  /// Drops the gradients: the next backward then writes instead of adding.
  void zero_grad();

  double lr() const { return options_.lr; }
  /// Throws c10::ValueError unless `lr` >= 0 and finite.
  void set_lr(double lr);

  const SGDOptions& options() const { return options_; }
  const std::vector<at::Tensor>& parameters() const { return parameters_; }

  /// What a checkpoint must keep: `lr` (a float64 scalar) and, for the i-th parameter that has
  /// taken a step with momentum, `momentum_buffer.<i>`. The tensors are the optimizer's own.
  std::map<std::string, at::Tensor> state() const;

  /// What `load_state(state)` would reject, one line each; empty when it fits.
  std::vector<std::string> state_problems(const std::map<std::string, at::Tensor>& state) const;

  /// Takes copies of the tensors in the device and memory layout of the parameters; buffers that
  /// are not named are forgotten. Throws c10::ValueError with every unknown name, wrong shape and
  /// wrong type, and then changes nothing.
  void load_state(const std::map<std::string, at::Tensor>& state);

 private:
  void step_one_by_one(const std::vector<std::size_t>& active);
  void step_foreach(const std::vector<std::size_t>& active);
  at::Tensor scratch_like(const at::Tensor& parameter);

  std::vector<at::Tensor> parameters_;
  SGDOptions options_;
  /// One per parameter in the parameter's layout; undefined before its first step.
  std::vector<at::Tensor> momentum_buffers_;
  /// Memory for one gradient with its decay, so that no step allocates.
  at::Tensor scratch_;
};

}  // namespace lightly::optim
