#include "models/split_statistics.hpp"

#include <cstdint>

namespace lightly::models {
namespace {

using Weights = std::map<std::string, at::Tensor>;

bool is_statistic(const std::string& name) {
  return name.ends_with("running_mean") || name.ends_with("running_var");
}

std::string weight_beside(const std::string& statistic) {
  return statistic.substr(0, statistic.rfind("running_")) + "weight";
}

// Whether it is [splits * features] floats, each of which lies in the file.
bool are_statistics(const at::Tensor& tensor, std::int64_t features) {
  return tensor.dim() == 1 && tensor.is_floating_point() && tensor.numel() > 0 &&
         tensor.numel() % features == 0 && tensor.is_contiguous();
}

// Running statistics for another number of splits: [splits * features].
at::Tensor resplit(const at::Tensor& statistics, std::int64_t wanted) {
  const std::int64_t given = statistics.numel();
  if (wanted % given == 0) {
    return wanted == given ? statistics : statistics.repeat({wanted / given});
  }
  return given % wanted == 0 ? statistics.view({given / wanted, wanted}).mean(0) : statistics;
}

}  // namespace

void fit_split_statistics(const torch::OrderedDict<std::string, at::Tensor>& targets,
                          Weights& tensors) {
  for (auto& [name, tensor] : tensors) {
    const at::Tensor* target = is_statistic(name) ? targets.find(name) : nullptr;
    if (target == nullptr) {
      continue;
    }
    const std::string weight = weight_beside(name);
    const at::Tensor* target_weight = targets.find(weight);
    const auto given_weight = tensors.find(weight);
    if (target_weight == nullptr || given_weight == tensors.end() || target_weight->dim() != 1 ||
        target_weight->numel() == 0 || !given_weight->second.defined() ||
        given_weight->second.sizes() != target_weight->sizes()) {
      continue;
    }
    const std::int64_t features = target_weight->numel();
    if (tensor.defined() && are_statistics(tensor, features) && are_statistics(*target, features)) {
      tensor = resplit(tensor, target->numel());
    }
  }
}

void merge_split_statistics(Weights& tensors) {
  for (auto& [name, tensor] : tensors) {
    if (!is_statistic(name)) {
      continue;
    }
    if (const auto weight = tensors.find(weight_beside(name)); weight != tensors.end()) {
      tensor = resplit(tensor, weight->second.numel());
    }
  }
}

}  // namespace lightly::models
