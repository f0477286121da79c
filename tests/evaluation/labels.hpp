#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

namespace lightly::evaluation {

/// int64 labels of a few images.
inline torch::Tensor labels_of(const std::vector<std::int64_t>& values) {
  return torch::tensor(values, torch::kLong);
}

}  // namespace lightly::evaluation
