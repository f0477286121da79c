#include "lightly/models/state_dict.hpp"

#include <cstddef>
#include <sstream>
#include <string_view>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

namespace lightly::models {
namespace {

void collect(const torch::nn::Module& module, const std::string& prefix,
             torch::OrderedDict<std::string, at::Tensor>& into) {
  for (const auto& item : module.named_parameters(/*recurse=*/false)) {
    into.insert(prefix + item.key(), item.value().detach());
  }
  for (const auto& item : module.named_buffers(/*recurse=*/false)) {
    into.insert(prefix + item.key(), item.value().detach());
  }
  for (const auto& item : module.named_children()) {
    collect(*item.value(), prefix + item.key() + ".", into);
  }
}

void append_list(std::string& text, std::string_view title, const std::vector<std::string>& items) {
  constexpr std::size_t kShown = 10;
  if (items.empty()) {
    return;
  }
  text.append(text.empty() ? "" : "; ").append(title).append(" ");
  for (std::size_t i = 0; i < items.size() && i < kShown; ++i) {
    text.append(i == 0 ? "" : ", ").append(items[i]);
  }
  if (items.size() > kShown) {
    text.append(" and ").append(std::to_string(items.size() - kShown)).append(" more");
  }
}

}  // namespace

torch::OrderedDict<std::string, at::Tensor> state_dict(const torch::nn::Module& module) {
  torch::OrderedDict<std::string, at::Tensor> tensors;
  collect(module, "", tensors);
  return tensors;
}

void load_state_dict(torch::nn::Module& module, const std::map<std::string, at::Tensor>& tensors) {
  load_state_dict(state_dict(module), tensors, "load_state_dict");
}

void load_state_dict(const torch::OrderedDict<std::string, at::Tensor>& targets,
                     const std::map<std::string, at::Tensor>& tensors, const std::string& callee) {
  std::vector<std::string> missing;
  std::vector<std::string> unexpected;
  std::vector<std::string> misshaped;
  for (const auto& target : targets) {
    const auto found = tensors.find(target.key());
    if (found == tensors.end() || !found->second.defined()) {
      if (!target.key().ends_with("num_batches_tracked")) {
        missing.push_back(target.key());
      }
    } else if (found->second.sizes() != target.value().sizes()) {
      std::ostringstream item;
      item << target.key() << " (expected " << target.value().sizes() << ", got "
           << found->second.sizes() << ")";
      misshaped.push_back(item.str());
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (!targets.contains(name)) {
      unexpected.push_back(name);
    }
  }
  std::string faults;
  append_list(faults, "missing", missing);
  append_list(faults, "unexpected", unexpected);
  append_list(faults, "wrong shape", misshaped);
  TORCH_CHECK_VALUE(faults.empty(), callee, ": names and shapes must match the module's, got ",
                    faults);
  const at::NoGradGuard no_grad;
  for (const auto& target : targets) {
    if (const auto found = tensors.find(target.key()); found != tensors.end()) {
      at::Tensor(target.value()).copy_(found->second);
    }
  }
}

}  // namespace lightly::models
