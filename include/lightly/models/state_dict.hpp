#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/ordered_dict.h>

namespace lightly::models {

/// Every parameter and buffer of the module under its dotted name, in the order of Python's
/// `state_dict()`; detached, in the module's own memory.
torch::OrderedDict<std::string, at::Tensor> state_dict(const torch::nn::Module& module);

/// Which differences between tensors and a state dict are let pass.
enum class StateDictMatch {
  /// As in Python: another dtype is converted, and `num_batches_tracked`, which old files lack, may
  /// be missing.
  kLenient,
  /// None, as for a checkpoint from which training goes on.
  kExact,
};

/// How tensors fit a state dict, each name once.
struct StateDictReport {
  /// Names that fit.
  std::vector<std::string> loaded = {};
  /// Names for which there is no tensor.
  std::vector<std::string> missing = {};
  /// One line each: "fc.weight is Float [5, 8], expected Float [10, 8]"; with kExact wrong types
  /// too.
  std::vector<std::string> mis_shaped = {};
  /// Tensors for which there is no name.
  std::vector<std::string> unexpected = {};

  /// Whether all fits.
  bool is_complete() const { return missing.empty() && mis_shaped.empty() && unexpected.empty(); }

  /// All that does not fit, one line each.
  std::vector<std::string> problems() const;
};

/// Compares tensors with a state dict by name and shape.
StateDictReport compare_state_dict(const torch::OrderedDict<std::string, at::Tensor>& targets,
                                   const std::map<std::string, at::Tensor>& tensors,
                                   StateDictMatch match = StateDictMatch::kLenient);

/// What keeps `tensors` from being copied into `targets`: `compare_state_dict(...).problems()`.
std::vector<std::string> state_dict_problems(
    const torch::OrderedDict<std::string, at::Tensor>& targets,
    const std::map<std::string, at::Tensor>& tensors,
    StateDictMatch match = StateDictMatch::kLenient);

/// Copies tensors into the module's parameters and buffers by name (kLenient); those keep their
/// identity, device and memory layout.
///
/// Nothing is changed unless all fit: throws c10::ValueError that lists what does not.
void load_state_dict(torch::nn::Module& module, const std::map<std::string, at::Tensor>& tensors);

/// As above into `targets`, which may carry other names than the module gives them; `callee` opens
/// the error text.
void load_state_dict(const torch::OrderedDict<std::string, at::Tensor>& targets,
                     const std::map<std::string, at::Tensor>& tensors, const std::string& callee);

}  // namespace lightly::models
