#include "lightly/models/state_dict.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>
#include <c10/util/StringUtil.h>

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

// The problems as one line: ten of many, some of each kind, which together say what was loaded.
std::string summary(StateDictReport report) {
  constexpr std::size_t kShown = 10;
  const std::size_t all = report.problems().size();
  std::array<std::vector<std::string>*, 3> kinds{&report.missing, &report.mis_shaped,
                                                 &report.unexpected};
  std::size_t left = all;
  while (left > kShown) {
    const auto longest = std::ranges::max_element(
        kinds, {}, [](const std::vector<std::string>* kind) { return kind->size(); });
    (*longest)->pop_back();
    --left;
  }
  return c10::str(c10::Join("; ", report.problems()),
                  all > left ? c10::str(" and ", all - left, " more") : "");
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

std::vector<std::string> StateDictReport::problems() const {
  std::vector<std::string> lines;
  for (const std::string& name : missing) {
    lines.push_back("missing " + name);
  }
  lines.insert(lines.end(), mis_shaped.begin(), mis_shaped.end());
  for (const std::string& name : unexpected) {
    lines.push_back("unexpected " + name);
  }
  return lines;
}

StateDictReport compare_state_dict(const torch::OrderedDict<std::string, at::Tensor>& targets,
                                   const std::map<std::string, at::Tensor>& tensors,
                                   StateDictMatch match) {
  const bool exact = match == StateDictMatch::kExact;
  StateDictReport report;
  for (const auto& target : targets) {
    const std::string& name = target.key();
    const at::Tensor& expected = target.value();
    const auto found = tensors.find(name);
    if (found == tensors.end() || !found->second.defined()) {
      if (exact || !name.ends_with("num_batches_tracked")) {
        report.missing.push_back(name);
      }
    } else if (const at::Tensor& given = found->second;
               given.sizes() != expected.sizes() ||
               (exact && given.scalar_type() != expected.scalar_type())) {
      report.mis_shaped.push_back(c10::str(name, " is ", given.scalar_type(), " ", given.sizes(),
                                           ", expected ", expected.scalar_type(), " ",
                                           expected.sizes()));
    } else {
      report.loaded.push_back(name);
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (!targets.contains(name)) {
      report.unexpected.push_back(name);
    }
  }
  return report;
}

std::vector<std::string> state_dict_problems(
    const torch::OrderedDict<std::string, at::Tensor>& targets,
    const std::map<std::string, at::Tensor>& tensors, StateDictMatch match) {
  return compare_state_dict(targets, tensors, match).problems();
}

void load_state_dict(const torch::OrderedDict<std::string, at::Tensor>& targets,
                     const std::map<std::string, at::Tensor>& tensors, const std::string& callee) {
  const StateDictReport report = compare_state_dict(targets, tensors);
  TORCH_CHECK_VALUE(report.is_complete(), callee,
                    ": names and shapes must match the module's, got ", summary(report));
  const at::NoGradGuard no_grad;
  for (const auto& target : targets) {
    if (const auto found = tensors.find(target.key());
        found != tensors.end() && found->second.defined()) {
      at::Tensor(target.value()).copy_(found->second);
    }
  }
}

}  // namespace lightly::models
