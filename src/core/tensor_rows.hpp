#pragma once

#include <ATen/core/Tensor.h>

#include "core/kernels/tiles.hpp"

namespace lightly::core {

/// A float32 matrix on the CPU, its rows without gaps, as the kernels take it.
inline kernels::Rows rows_of(const at::Tensor& matrix) {
  return {.values = matrix.const_data_ptr<float>(),
          .count = matrix.size(0),
          .depth = matrix.size(1),
          .stride = matrix.stride(0)};
}

}  // namespace lightly::core
