#include "lightly/models/load_weights.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include <c10/util/Exception.h>

#include "core/input_file.hpp"
#include "core/torch_signature.hpp"
#include "lightly/core/safetensors.hpp"
#include "lightly/core/torch_file.hpp"
#include "models/split_statistics.hpp"

namespace lightly::models {
namespace {

using Weights = std::map<std::string, at::Tensor>;
using Targets = torch::OrderedDict<std::string, at::Tensor>;

// The tensors under `rename(name)`, which must keep them apart; without those it gives no name.
template <typename Rename>
Weights renamed(const Weights& tensors, const std::string& where, const Rename& rename) {
  Weights result;
  std::map<std::string, std::string> old_names;
  for (const auto& [name, tensor] : tensors) {
    const std::optional<std::string> now = rename(name);
    if (!now) {
      continue;
    }
    const auto [old, is_new] = old_names.emplace(*now, name);
    TORCH_CHECK_VALUE(is_new, where, ": two tensors become ", *now, ": ", old->second, " and ",
                      name);
    result.emplace(*now, tensor);
  }
  return result;
}

// The tensors whose names begin with `prefix`, without it.
Weights below(const Weights& tensors, const std::string& prefix) {
  Weights found;
  for (auto item = tensors.lower_bound(prefix);
       item != tensors.end() && item->first.starts_with(prefix); ++item) {
    found.emplace(item->first.substr(prefix.size()), item->second);
  }
  return found;
}

std::string with_mapped_prefix(const std::string& name, const PrefixMap& prefix_map) {
  for (const auto& [from, to] : prefix_map) {
    if (name.starts_with(from)) {
      return to + name.substr(from.size());
    }
  }
  return name;
}

std::vector<std::string> parts_of(std::string_view name) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t dot = name.find('.');
    parts.emplace_back(name.substr(0, dot));
    if (dot == std::string_view::npos) {
      return parts;
    }
    name.remove_prefix(dot + 1);
  }
}

std::string without_model(const std::string& name) {
  std::string renamed;
  const std::vector<std::string> parts = parts_of(name);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    renamed += (i > 1 ? "." : "") + (parts[i] == "features" ? "backbone" : parts[i]);
  }
  return renamed;
}

// The name with "layers" taken out of a head, or put into it, when the module has that name.
std::string with_head_of(const Targets& targets, const std::string& name) {
  constexpr std::array<std::string_view, 2> kHeads{"projection_head.", "prediction_head."};
  constexpr std::string_view kLayers = "layers.";
  for (const std::string_view head : kHeads) {
    const std::size_t at = name.find(head);
    if (targets.contains(name) || at == std::string::npos) {
      continue;
    }
    const std::size_t inside = at + head.size();
    std::string renamed = name;
    if (std::string_view(name).substr(inside).starts_with(kLayers)) {
      renamed.erase(inside, kLayers.size());
    } else {
      renamed.insert(inside, kLayers);
    }
    if (targets.contains(renamed)) {
      return renamed;
    }
  }
  return name;
}

}  // namespace

std::map<std::string, at::Tensor> read_weights(const std::filesystem::path& path,
                                               const std::optional<std::string>& subtree) {
  core::InputFile file("read_weights", path);
  if (core::has_torch_signature(file)) {
    return core::load_torch_file(path, {.subtree = subtree});
  }
  Weights tensors = core::load_safetensors(path).tensors;
  if (subtree.value_or("").empty()) {
    return tensors;
  }
  tensors = below(tensors, *subtree + ".");
  TORCH_CHECK(!tensors.empty(), "read_weights: ", path.string(), ": nothing is named ", *subtree);
  return tensors;
}

StateDictReport load_weights(torch::nn::Module& module, const std::filesystem::path& path,
                             const LoadWeightsOptions& options) {
  const std::string where = "load_weights: " + path.string();
  const Targets targets = state_dict(module);
  const auto rename = [&](const std::string& old) -> std::optional<std::string> {
    const bool of_lightly = options.lightly_checkpoint;
    std::string name = of_lightly ? without_model(old) : old;
    if (!name.starts_with(options.only) || (of_lightly && old.find('.') == std::string::npos)) {
      return std::nullopt;
    }
    name = with_mapped_prefix(name.substr(options.only.size()), options.prefix_map);
    return of_lightly ? with_head_of(targets, name) : name;
  };
  Weights tensors = renamed(read_weights(path, options.subtree), where, rename);
  fit_split_statistics(targets, tensors);
  const StateDictReport report = compare_state_dict(targets, tensors);
  if (options.strict) {
    load_state_dict(targets, tensors, where);
    return report;
  }
  TORCH_CHECK_VALUE(!report.loaded.empty(), where, ": no tensor fits the module; the file has ",
                    tensors.empty() ? "none left" : tensors.begin()->first, ", the module ",
                    targets.is_empty() ? "none" : targets.front().key());
  Targets fitting;
  Weights loaded;
  for (const std::string& name : report.loaded) {
    fitting.insert(name, targets[name]);
    loaded.emplace(name, tensors.at(name));
  }
  load_state_dict(fitting, loaded, where);
  return report;
}

void save_weights(const torch::nn::Module& module, const std::filesystem::path& path,
                  const SaveWeightsOptions& options) {
  Weights tensors;
  for (const auto& item : state_dict(module)) {
    tensors.emplace(item.key(), item.value());
  }
  const auto rename = [&](const std::string& name) {
    return with_mapped_prefix(name, options.prefix_map);
  };
  // Python's libraries ask for the format.
  core::save_safetensors(path,
                         {.tensors = renamed(tensors, "save_weights: " + path.string(), rename),
                          .metadata = {{"format", "pt"}}});
}

}  // namespace lightly::models
