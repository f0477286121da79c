#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <torch/nn/module.h>

namespace lightly::training {

/// The parameters and buffers of `module` by the names of its Python state_dict; the tensors are
/// the module's own.
std::map<std::string, at::Tensor> model_tensors(const torch::nn::Module& module);

/// What `load_tensors` would reject, one line each: missing and unexpected names, wrong shapes and
/// types; empty when everything fits.
std::vector<std::string> tensor_problems(const torch::nn::Module& module,
                                         const std::map<std::string, at::Tensor>& tensors);

/// Copies `tensors` into the parameters and buffers, which keep their identity, device and memory
/// layout.
///
/// Strict: throws c10::ValueError that begins with `callee` and lists every problem, and then
/// changes nothing.
void load_tensors(torch::nn::Module& module, const std::map<std::string, at::Tensor>& tensors,
                  std::string_view callee = "load_tensors");

}  // namespace lightly::training
