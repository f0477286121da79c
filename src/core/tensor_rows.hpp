#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/linalg_vector_norm.h>

#include "core/kernels/tiles.hpp"

namespace lightly::core {

/// A float32 matrix on the CPU, its rows without gaps, as the kernels take it.
inline kernels::Rows rows_of(const at::Tensor& matrix) {
  return {.values = matrix.const_data_ptr<float>(),
          .count = matrix.size(0),
          .depth = matrix.size(1),
          .stride = matrix.stride(0)};
}

/// What numbers of a floating-point type are reckoned in: float32, but for float64.
inline at::ScalarType wide_type(at::ScalarType type) {
  return type == at::kDouble ? at::kDouble : at::kFloat;
}

/// The floor under a row's length where it is divided by: that of torch's `normalize`.
inline constexpr double kSmallestLength = 1e-12;

/// The lengths of a matrix's rows, [rows, 1].
inline at::Tensor row_lengths(const at::Tensor& matrix) {
  return at::linalg_vector_norm(matrix, 2, 1, /*keepdim=*/true);
}

/// Each row of a matrix scaled to length 1; a row of zeros stays, but in float16, where the floor
/// is 0.
inline at::Tensor normalized_rows(const at::Tensor& matrix) {
  return matrix / row_lengths(matrix).clamp_min(kSmallestLength);
}

}  // namespace lightly::core
