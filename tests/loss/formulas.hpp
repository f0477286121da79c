#pragma once

#include <cstdint>

#include <torch/types.h>

namespace lightly::testing {

/// sin(1 + shift), sin(2 + shift), ... as float32 [batch, dim]: the input of the measured numbers.
inline at::Tensor mk(std::int64_t batch, std::int64_t dim, double shift = 0.0) {
  const at::Tensor steps = torch::arange(1, batch * dim + 1, torch::kDouble);
  return (steps + shift).sin().view({batch, dim}).to(torch::kFloat);
}

}  // namespace lightly::testing
