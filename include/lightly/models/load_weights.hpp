#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include "lightly/models/state_dict.hpp"

namespace lightly::models {

/// Pairs of a prefix and what takes its place: `{{"module.", ""}}` takes one off, `{{"",
/// "backbone."}}` puts one before every name.
using PrefixMap = std::vector<std::pair<std::string, std::string>>;

/// Options of load_weights, applied in this order; lightly_checkpoint fits the heads to the module
/// at the end, after prefix_map.
struct LoadWeightsOptions {
  /// Where in a Python checkpoint the weights lie: core::TorchFileOptions::subtree; for a
  /// safetensors file the beginning of the names, to the dot, which is taken off ("model" in
  /// training::save_checkpoint's file). That nothing has such a name is a c10::Error.
  std::optional<std::string> subtree = std::nullopt;
  /// As `load_from_state_dict` of lightly's Python package: each name loses what comes before its
  /// first dot ("model."), those without a dot are passed over ("queue"), and "features" is renamed
  /// "backbone"; "layers" is put into or taken out of the names of projection and prediction heads
  /// as the module has them (lightly 1.2 on).
  bool lightly_checkpoint = false;
  /// When not empty, only names that begin with this are taken, without it: "backbone." loads the
  /// backbone out of a whole model.
  std::string only = {};
  /// The first pair whose first fits the beginning of a name changes it; other names stay.
  PrefixMap prefix_map = {};
  /// Whether a missing, unexpected or mis-shaped tensor is an error; otherwise it is reported.
  bool strict = true;
};

/// Reads weights that `save_weights`, Python's safetensors or `torch.save` wrote, told apart by
/// content: core::load_safetensors and core::load_torch_file, whose errors it gives. `subtree` as
/// in LoadWeightsOptions.
std::map<std::string, at::Tensor> read_weights(
    const std::filesystem::path& path, const std::optional<std::string>& subtree = std::nullopt);

/// Reads a file of weights into the module's parameters and buffers, as load_state_dict does, and
/// returns what fitted.
///
/// As there, `num_batches_tracked` may be missing. Running statistics beside a weight that fits are
/// repeated, or averaged over the splits of a SplitBatchNorm as it does for evaluation, where the
/// module has another number of splits. Strict: throws c10::ValueError that names the file and
/// lists what does not fit (ten of it), and then nothing is changed. Not strict: the tensors that
/// fit are copied; differs from Python: a mis-shaped one is reported as well. Throws
/// c10::ValueError when none fits, or when two names become the same.
///
///     models::load_weights(*backbone, "epoch=99.ckpt", {.only = "model.backbone."});
StateDictReport load_weights(torch::nn::Module& module, const std::filesystem::path& path,
                             const LoadWeightsOptions& options = {});

/// Options of save_weights.
struct SaveWeightsOptions {
  /// As in LoadWeightsOptions: `{{"projection_head.", "projection_head.layers."}}` gives the names
  /// of lightly 1.2 on.
  PrefixMap prefix_map = {};
};

/// Writes every parameter and buffer into a safetensors file at once (core::AtomicFile): Python
/// reads it with `model.load_state_dict(safetensors.torch.load_file(path))`.
///
/// Throws c10::Error that names the file when it cannot be written; c10::ValueError when two names
/// become the same.
void save_weights(const torch::nn::Module& module, const std::filesystem::path& path,
                  const SaveWeightsOptions& options = {});

}  // namespace lightly::models
