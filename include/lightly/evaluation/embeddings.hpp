#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace lightly::evaluation {

/// The features of a data set, in its order.
struct Embeddings {
  /// float32 [N, F] on the CPU.
  at::Tensor features = {};
  /// int64 [N], class indices from 0.
  at::Tensor labels = {};
  /// One name a row; may be empty where only features and labels matter.
  std::vector<std::string> file_names = {};
};

}  // namespace lightly::evaluation
