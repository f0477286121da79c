#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

namespace lightly::core {

/// Tensors by name, with the free text of the file's `__metadata__`.
struct Safetensors {
  std::map<std::string, at::Tensor> tensors = {};
  std::map<std::string, std::string> metadata = {};

  /// The tensor of that name; throws c10::Error with the name when there is none.
  const at::Tensor& at(const std::string& name) const;
};

/// Reads a safetensors file (format: huggingface.co/docs/safetensors) into CPU tensors of its own
/// memory.
///
/// Nothing is executed. The header's length, shapes and offsets are checked against the file's size
/// before anything is allocated; a file that lies gives a c10::Error that names it and the entry.
/// F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL.
Safetensors load_safetensors(const std::filesystem::path& path);

/// Writes a safetensors file through AtomicFile; tensors of any device and strides are stored
/// contiguously.
void save_safetensors(const std::filesystem::path& path, const Safetensors& content);

}  // namespace lightly::core
