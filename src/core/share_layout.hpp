#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace lightly::core {

/// Whether both tensors have one shape and no gaps, and the n-th element in memory is the same
/// element of both.
inline bool share_layout(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes() || !a.is_non_overlapping_and_dense()) {
    return false;
  }
  for (std::int64_t d = 0; d < a.dim(); ++d) {
    if (a.size(d) != 1 && a.stride(d) != b.stride(d)) {
      return false;
    }
  }
  return true;
}

}  // namespace lightly::core
