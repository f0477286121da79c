#include "lightly/training/model_tensors.hpp"

#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>
#include <c10/util/StringUtil.h>

namespace lightly::training {

std::map<std::string, at::Tensor> model_tensors(const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& item : module.named_parameters()) {
    tensors[item.key()] = item.value();
  }
  for (const auto& item : module.named_buffers()) {
    tensors[item.key()] = item.value();
  }
  // An undefined tensor is an option left out (a bias, say): Python's state_dict skips it too.
  std::erase_if(tensors, [](const auto& item) { return !item.second.defined(); });
  return tensors;
}

std::vector<std::string> tensor_problems(const torch::nn::Module& module,
                                         const std::map<std::string, at::Tensor>& tensors) {
  std::vector<std::string> problems;
  const std::map<std::string, at::Tensor> own = model_tensors(module);
  for (const auto& [name, expected] : own) {
    const auto found = tensors.find(name);
    if (found == tensors.end() || !found->second.defined()) {
      problems.push_back("missing " + name);
    } else if (const at::Tensor& given = found->second;
               given.sizes() != expected.sizes() || given.scalar_type() != expected.scalar_type()) {
      problems.push_back(c10::str(name, " is ", given.scalar_type(), " ", given.sizes(),
                                  ", expected ", expected.scalar_type(), " ", expected.sizes()));
    }
  }
  for (const auto& item : tensors) {
    if (!own.contains(item.first)) {
      problems.push_back("unexpected " + item.first);
    }
  }
  return problems;
}

void load_tensors(torch::nn::Module& module, const std::map<std::string, at::Tensor>& tensors,
                  std::string_view callee) {
  const std::vector<std::string> problems = tensor_problems(module, tensors);
  TORCH_CHECK_VALUE(problems.empty(), callee,
                    ": the tensors do not fit the module: ", c10::Join("; ", problems));
  const at::NoGradGuard no_grad;
  for (auto& [name, own] : model_tensors(module)) {
    own.copy_(tensors.at(name));
  }
}

}  // namespace lightly::training
