#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/ordered_dict.h>

namespace lightly::models {

/// Every parameter and buffer of the module under its dotted name, in the order of Python's
/// `state_dict()`; detached, in the module's own memory.
torch::OrderedDict<std::string, at::Tensor> state_dict(const torch::nn::Module& module);

/// Copies tensors into the module's parameters and buffers by name, whatever their dtype and
/// device.
///
/// Nothing is changed unless all fit: throws c10::ValueError that lists the missing, unexpected
/// and mis-shaped names. As in Python, `num_batches_tracked` of old files may be missing.
void load_state_dict(torch::nn::Module& module, const std::map<std::string, at::Tensor>& tensors);

/// As above into `targets`, which may carry other names than the module gives them; `callee` opens
/// the error text.
void load_state_dict(const torch::OrderedDict<std::string, at::Tensor>& targets,
                     const std::map<std::string, at::Tensor>& tensors, const std::string& callee);

}  // namespace lightly::models
