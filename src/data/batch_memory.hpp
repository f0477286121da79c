#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/memory_block.hpp"

namespace lightly::data {

/// Where the tensors of batches come from: memory that is used again once no tensor refers to it.
///
/// A block comes back in the deleter of the tensors' storage, thus never while anyone holds a
/// tensor, a view of it, or a graph that saved it. Pinned tensors come from LibTorch's caching
/// allocator instead, which also waits for copies to the GPU that still run. Thread-safe.
class BatchMemory : public std::enable_shared_from_this<BatchMemory> {
 public:
  /// Keeps at most `most_kept` free blocks.
  BatchMemory(std::size_t most_kept, bool pinned) : most_kept_(most_kept), pinned_(pinned) {}

  /// float32 [count, 3, height, width], channels-last, not initialised.
  at::Tensor images(std::int64_t count, std::int64_t height, std::int64_t width);

  /// int64 [count] with these values.
  at::Tensor targets(const std::vector<std::int64_t>& values) const;

  /// Frees what is kept, and keeps nothing from here on.
  void close();

 private:
  using Block = core::MemoryBlock;

  Block take(std::size_t bytes);
  void give_back(const Block& block);

  std::mutex mutex_;
  std::size_t most_kept_;
  bool pinned_;
  std::vector<Block> free_;
};

}  // namespace lightly::data
