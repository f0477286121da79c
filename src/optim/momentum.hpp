#pragma once

#include <string_view>

#include <ATen/core/Tensor.h>

namespace lightly::optim {

/// The part that SGD and LARS have in common, in the order of operations of torch.optim.SGD.
struct Momentum {
  double momentum;
  double dampening;
  bool nesterov;

  template <typename Options>
  static Momentum of(const Options& options) {
    return {options.momentum, options.dampening, options.nesterov};
  }

  /// Throws c10::ValueError in the name of `callee`.
  void check(std::string_view callee) const;

  /// Takes `direction` into `buffer`, which is made by the first call, and returns where to go.
  /// `scratch` is of the parameter's layout, may be `direction` and may be what is returned.
  at::Tensor apply(const at::Tensor& direction, at::Tensor& buffer, at::Tensor scratch) const;
};

}  // namespace lightly::optim
