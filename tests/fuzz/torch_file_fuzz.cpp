// A file of torch.save: bytes that begin as a ZIP or an old file do are the file itself; others are
// the pickle of one with two small storages. It gives tensors that lie inside their storages, which
// together are no larger than the file and whose bytes are all read here, or a c10::Error that
// names the file; nothing else, and the second reading gives the same.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include "input_file.hpp"
#include "lightly/core/torch_file.hpp"
#include "require.hpp"
#include "support/torch_bytes.hpp"

namespace {

using namespace lightly;
using fuzz::require;

using Tensors = std::map<std::string, at::Tensor>;

// Adds up every byte of the storages and what the tensors say of themselves.
std::uint64_t digest(const Tensors& tensors, std::size_t file_bytes) {
  std::uint64_t sum = tensors.size();
  std::set<const void*> seen;
  std::size_t storage_bytes = 0;
  for (const auto& [name, tensor] : tensors) {
    const c10::Storage& storage = tensor.storage();
    if (seen.insert(storage.unsafeGetStorageImpl()).second) {
      storage_bytes += storage.nbytes();
      require(storage_bytes <= file_bytes, "the storages are larger than the file");
      const auto* bytes = static_cast<const std::uint8_t*>(storage.data());
      sum = std::accumulate(bytes, bytes + storage.nbytes(), sum,
                            [](std::uint64_t all, std::uint8_t byte) { return all * 31 + byte; });
    }
    sum = sum * 31 + name.size() + static_cast<std::uint64_t>(tensor.numel());
    if (tensor.numel() == 0) {
      continue;
    }
    std::int64_t last = tensor.storage_offset();
    for (std::int64_t axis = 0; axis < tensor.dim(); ++axis) {
      last += (tensor.size(axis) - 1) * tensor.stride(axis);
    }
    require((static_cast<std::uint64_t>(last) + 1) * tensor.element_size() <= storage.nbytes(),
            "a tensor reaches beyond its storage");
    sum = sum * 31 + static_cast<std::uint64_t>(last);
  }
  return sum;
}

std::string result(const std::filesystem::path& path, std::size_t file_bytes,
                   const core::TorchFileOptions& options) {
  try {
    return std::to_string(digest(core::load_torch_file(path, options), file_bytes));
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    require(text.starts_with("load_torch_file: " + path.string()),
            "an error does not name the file: " + text);
    return text;
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  at::set_num_threads(1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::InputFile file;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const bool is_whole = bytes.starts_with("PK") || bytes.starts_with("\x80\x02\x8a\x0a");
  const std::string content =
      is_whole ? bytes
               : lightly::testing::torch_bytes(
                     bytes, {std::string(24, '\0'), std::string("\0\1\0\1\1\1\0\0", 8)});
  file.write(content);
  for (const core::TorchFileOptions& options :
       {core::TorchFileOptions(), core::TorchFileOptions{.subtree = ""}}) {
    const std::string first = result(file.path(), content.size(), options);
    require(result(file.path(), content.size(), options) == first, "the second reading differs");
  }
  return 0;
}
