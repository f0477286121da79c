#include "lightly/optim/parameter_groups.hpp"

#include <unordered_set>
#include <utility>

#include <c10/util/Exception.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/instancenorm.h>
#include <torch/nn/modules/normalization.h>

#include "lightly/core/module.hpp"

namespace lightly::optim {
namespace {

template <typename... Kinds>
bool is_one_of(const torch::nn::Module& module) {
  return ((dynamic_cast<const Kinds*>(&module) != nullptr) || ...);
}

struct Split {
  const DecayGroupsOptions& options;
  ParameterGroup decayed = {};
  ParameterGroup spared = {.weight_decay = 0.0};
  std::unordered_set<const void*> seen = {};

  void add(const torch::nn::Module& module) {
    const bool norm = options.is_norm(module);
    for (const auto& item : module.named_parameters(/*recurse=*/false)) {
      if (!seen.insert(item.value().unsafeGetTensorImpl()).second) {
        continue;
      }
      const bool decay =
          norm ? options.decay_norm : options.decay_bias || !item.key().ends_with("bias");
      (decay ? decayed : spared).parameters.push_back(item.value());
    }
    for (const auto& child : module.children()) {
      add(*child);
    }
  }
};

}  // namespace

bool is_norm_layer(const torch::nn::Module& module) {
  namespace nn = torch::nn;
  return is_one_of<nn::BatchNorm1dImpl, nn::BatchNorm2dImpl, nn::BatchNorm3dImpl,
                   nn::InstanceNorm1dImpl, nn::InstanceNorm2dImpl, nn::InstanceNorm3dImpl,
                   nn::LayerNormImpl, nn::GroupNormImpl, core::NormLayer>(module);
}

void DecayGroupsOptions::check() const {
  TORCH_CHECK_VALUE(is_norm, "decay_groups: is_norm must hold a function, got none");
}

std::vector<ParameterGroup> decay_groups(const torch::nn::Module& module,
                                         const DecayGroupsOptions& options) {
  options.check();
  Split split{.options = options};
  split.add(module);
  return {std::move(split.decayed), std::move(split.spared)};
}

}  // namespace lightly::optim
