// A safetensors file: bytes that begin as a header are one up to their first NUL, and data from
// there on; others are the file itself. It gives tensors that are no larger than the file, which
// are saved and read again with the same bytes, or a c10::Error that names the file; nothing else.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include "input_file.hpp"
#include "lightly/core/safetensors.hpp"
#include "require.hpp"

namespace {

using namespace lightly;
using fuzz::require;

std::size_t bytes_of(const core::Safetensors& content) {
  std::size_t bytes = 0;
  for (const auto& [name, tensor] : content.tensors) {
    bytes += tensor.nbytes();
  }
  return bytes;
}

bool same(const core::Safetensors& a, const core::Safetensors& b) {
  if (a.metadata != b.metadata || a.tensors.size() != b.tensors.size()) {
    return false;
  }
  for (const auto& [name, tensor] : a.tensors) {
    const at::Tensor& other = b.at(name);
    if (tensor.sizes() != other.sizes() || tensor.scalar_type() != other.scalar_type() ||
        (tensor.nbytes() > 0 &&
         std::memcmp(tensor.const_data_ptr(), other.const_data_ptr(), tensor.nbytes()) != 0)) {
      return false;
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  at::set_num_threads(1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::InputFile file;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with("{")) {
    // So that the header's length need not be guessed.
    const std::uint64_t header_bytes = std::min(bytes.find('\0'), bytes.size());
    bytes.insert(0, reinterpret_cast<const char*>(&header_bytes), sizeof(header_bytes));
  }
  file.write(bytes);
  core::Safetensors content;
  try {
    content = core::load_safetensors(file.path());
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    require(text.starts_with("load_safetensors: " + file.path().string()),
            "an error does not name the file: " + text);
    return 0;
  }
  require(bytes_of(content) <= bytes.size(), "the tensors are larger than the file");
  core::save_safetensors(file.path(), content);
  require(same(core::load_safetensors(file.path()), content),
          "what was saved is not what was read");
  return 0;
}
