#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include <ATen/core/Tensor.h>

namespace lightly::core {

/// Options of load_torch_file.
struct TorchFileOptions {
  /// Where in the file's nested dicts and lists the tensors are taken from, as "state_dict" or
  /// "optimizer_states.0.state"; "" takes all. None looks for the weights of a checkpoint: the
  /// first of "state_dict", "model_state_dict", "model" and "teacher" that is a dict with tensors,
  /// else all.
  std::optional<std::string> subtree = std::nullopt;
};

/// Reads the tensors of a file that Python's `torch.save` wrote (.pt, .pth, .ckpt; ZIP or, of torch
/// before 1.6, not) into CPU memory, by name.
///
/// Nothing is executed: the pickle inside can only make dicts, lists and tensors, and an object of
/// any other class is passed over, so that the checkpoints of PyTorch Lightning give their tensors.
/// Names are the keys of nested dicts (whole numbers for positions in lists) joined by dots; a file
/// that is one tensor names it "". Tensors that share a storage in the file share it here, with
/// their strides, and only the storages that are asked for are read; parameters come detached.
/// Sparse, quantized and not yet conjugated tensors are passed over.
///
/// Every size and place is checked before memory is taken: the tensors need no more than the file
/// has bytes, and the pickle's objects at most 256 MiB. A damaged, hostile or big-endian
/// file, one without tensors or without that subtree gives a c10::Error that names it.
std::map<std::string, at::Tensor> load_torch_file(const std::filesystem::path& path,
                                                  const TorchFileOptions& options = {});

/// Whether the file begins as one of torch.save's does, whatever its name; throws c10::Error when
/// it cannot be read.
bool is_torch_file(const std::filesystem::path& path);

}  // namespace lightly::core
