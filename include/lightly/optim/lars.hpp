#pragma once

#include <limits>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/optim/optimizer.hpp"

namespace lightly::optim {

struct LARSOptions {
  /// Learning rate, >= 0; to be given, without it the options are rejected.
  double lr = std::numeric_limits<double>::quiet_NaN();
  /// Factor of the momentum buffer, >= 0; 0 keeps no buffer.
  double momentum = 0.0;
  /// The direction enters the buffer times 1 - dampening, from the second step on.
  double dampening = 0.0;
  /// L2 penalty, >= 0, added to the gradient as weight_decay * parameter; a group may have its own.
  double weight_decay = 0.0;
  /// Looks ahead by one momentum step; needs momentum > 0 and dampening = 0.
  bool nesterov = false;
  /// Length of a step as a part of the parameter's length, at a learning rate of 1; >= 0.
  double trust_coefficient = 0.001;
  /// Added to the denominator, >= 0.
  double eps = 1e-8;

  /// Throws c10::ValueError for values outside the ranges above.
  void check() const;
};

/// SGD for large batches: each parameter's gradient g, with its decay, is scaled to the length of
/// the parameter p, by trust_coefficient * |p| / (|g| + weight_decay * |p| + eps).
///
/// Only where weight decay is not 0: parameters without it (decay_groups) take SGD's step, and so
/// do all of them by default. A parameter that is 0 is not scaled, and one whose gradient is 0 does
/// not decay. Remembers `momentum_buffer`, with momentum. One element of a gradient that is not
/// finite makes the whole parameter NaN. As lightly 1.6.0: lightly.utils.lars.LARS; the lengths are
/// sums whose order hangs on the processor, the number of threads and the memory layout.
/// [0] LARS, 2017, arXiv:1708.03888.
class LARS : public Optimizer {
 public:
  /// Throws c10::ValueError for bad options, and for what an Optimizer rejects.
  LARS(std::vector<at::Tensor> parameters, LARSOptions options);
  LARS(std::vector<ParameterGroup> groups, LARSOptions options);

  /// As they were given.
  const LARSOptions& options() const { return options_; }

 private:
  void update(const Part& part) override;
  at::Tensor trust_ratio(const at::Tensor& parameter, double weight_decay) const;

  LARSOptions options_;
};

}  // namespace lightly::optim
