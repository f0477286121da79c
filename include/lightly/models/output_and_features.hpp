#pragma once

#include <ATen/core/Tensor.h>

namespace lightly::models {

/// What SimCLR and MoCo give for one view when the features are asked for too.
struct OutputAndFeatures {
  /// [B, out_dim], for the loss.
  at::Tensor out;
  /// [B, num_ftrs], the backbone's embedding.
  at::Tensor features;
};

}  // namespace lightly::models
