#pragma once

#include <cstdint>
#include <string>

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>

#include "lightly/models/split_batch_norm.hpp"

/// What the blocks and the whole ResNet are made of.
namespace lightly::models {

/// A convolution without bias that keeps height and width but for the stride; `kernel` is odd.
inline torch::nn::Conv2d convolution(std::int64_t in, std::int64_t out, std::int64_t kernel,
                                     std::int64_t stride = 1, std::int64_t groups = 1) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel)
                               .stride(stride)
                               .padding(kernel / 2)
                               .groups(groups)
                               .bias(false));
}

/// A normalisation that `parent` has registered under that name.
inline Norm2d register_norm(torch::nn::Module& parent, const std::string& name,
                            std::int64_t num_features, std::int64_t num_splits) {
  Norm2d norm(num_features, num_splits);
  parent.register_module(name, norm.ptr());
  return norm;
}

}  // namespace lightly::models
