#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/optim/optimizer.hpp"

namespace lightly::optim {

struct SGDOptions {
  /// Learning rate, >= 0.
  double lr = 1e-3;
  /// Factor of the momentum buffer, >= 0; 0 keeps no buffer.
  double momentum = 0.0;
  /// The gradient enters the buffer times 1 - dampening, from the second step on.
  double dampening = 0.0;
  /// L2 penalty, >= 0, added to the gradient as weight_decay * parameter; a group may have its own.
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
/// Remembers `momentum_buffer`, with momentum. Deterministic: the same gradients give the same
/// parameters for any number of threads.
class SGD : public Optimizer {
 public:
  /// Throws c10::ValueError for bad options, and for what an Optimizer rejects.
  SGD(std::vector<at::Tensor> parameters, SGDOptions options);
  SGD(std::vector<ParameterGroup> groups, SGDOptions options);

  /// As they were given.
  const SGDOptions& options() const { return options_; }

 private:
  void update(const Part& part) override;
  void update_one_by_one(const Part& part);
  void update_foreach(const Part& part);

  SGDOptions options_;
};

}  // namespace lightly::optim
