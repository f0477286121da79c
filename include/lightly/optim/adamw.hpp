#pragma once

#include <array>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/optim/optimizer.hpp"

namespace lightly::optim {

struct AdamWOptions {
  /// Learning rate, >= 0.
  double lr = 1e-3;
  /// Factors of the running means of the gradient and of its square, each in [0, 1).
  std::array<double, 2> betas = {0.9, 0.999};
  /// Added to the denominator, >= 0.
  double eps = 1e-8;
  /// Each step takes lr * weight_decay of the parameter away, >= 0; a group may have its own.
  double weight_decay = 1e-2;
  /// Divides by the largest mean of the square so far instead of the present one.
  bool amsgrad = false;
  /// One kernel for the whole step of parameters on the CPU, as with `fused` in Python; none: yes,
  /// as it takes a fraction of the time. Rounds differently from the other two kernels.
  std::optional<bool> fused = std::nullopt;
  /// Where not fused, one kernel for a list of tensors instead of one a tensor; none: on
  /// accelerators, not on the CPU. The values are the same.
  std::optional<bool> foreach = std::nullopt;

  /// Throws c10::ValueError for values outside the ranges above.
  void check() const;
};

/// Adam with the weight decay apart from the gradient, the values of torch.optim.AdamW: bit for bit
/// with the same `fused`, for which Python's default is false.
///
/// Remembers `step` (the parameter's own count), `exp_avg`, `exp_avg_sq` and, with amsgrad,
/// `max_exp_avg_sq`. Deterministic: the same gradients give the same parameters for any number of
/// threads. [0] AdamW, 2017, arXiv:1711.05101; [1] AMSGrad, 2018, arXiv:1904.09237.
class AdamW : public Optimizer {
 public:
  /// Throws c10::ValueError for bad options, and for what an Optimizer rejects.
  AdamW(std::vector<at::Tensor> parameters, AdamWOptions options);
  AdamW(std::vector<ParameterGroup> groups, AdamWOptions options);

  /// As they were given.
  const AdamWOptions& options() const { return options_; }

 private:
  static std::vector<Memory> memories(bool amsgrad);

  void update(const Part& part) override;
  void update_each(const Part& part);
  void update_one_by_one(const Part& part);
  void update_foreach(const Part& part);
  void update_fused(const Part& part);

  AdamWOptions options_;
};

}  // namespace lightly::optim
