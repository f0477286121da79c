#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>
#include <torch/types.h>

namespace lightly::models {

/// Repeats the running statistics among `tensors`, or averages them over the splits of a
/// SplitBatchNorm as it does for evaluation, where the module that `targets` are of has another
/// number of splits. Only beside a weight that fits: other layers that do not fit are to be
/// reported.
void fit_split_statistics(const torch::OrderedDict<std::string, at::Tensor>& targets,
                          std::map<std::string, at::Tensor>& tensors);

/// Averages every running statistic over its splits: the norms become BatchNorm2d's.
void merge_split_statistics(std::map<std::string, at::Tensor>& tensors);

}  // namespace lightly::models
