#include "optim/momentum.hpp"

#include <ATen/ops/add.h>
#include <ATen/ops/empty_like.h>
#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"

namespace lightly::optim {

void Momentum::check(std::string_view callee) const {
  core::check_not_negative(callee, "momentum", momentum);
  core::check_not_negative(callee, "dampening", dampening);
  TORCH_CHECK_VALUE(!nesterov || (momentum > 0.0 && dampening == 0.0), callee,
                    ": nesterov needs momentum > 0 and dampening = 0, got momentum ", momentum,
                    " and dampening ", dampening);
}

at::Tensor Momentum::apply(const at::Tensor& direction, at::Tensor& buffer,
                           at::Tensor scratch) const {
  if (buffer.defined()) {
    buffer.mul_(momentum).add_(direction, 1.0 - dampening);
  } else {
    buffer = at::empty_like(scratch).copy_(direction);
  }
  return nesterov ? at::add_out(scratch, direction, buffer, momentum) : buffer;
}

}  // namespace lightly::optim
