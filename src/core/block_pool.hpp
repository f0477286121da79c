#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "core/memory_block.hpp"

namespace lightly::core {

/// Blocks of memory that serve again, so that their pages are touched for the first time only once.
/// Thread-safe.
class BlockPool : public std::enable_shared_from_this<BlockPool> {
 public:
  /// Keeps at most `most_kept` free blocks.
  explicit BlockPool(std::size_t most_kept) : most_kept_(most_kept) {}

  /// A block of at least `bytes` >= 1, which comes back when its `memory` is let go; throws as
  /// allocate_block().
  MemoryBlock take(const char* callee, std::size_t bytes);

  /// Frees what is kept, and keeps nothing from here on.
  void close();

 private:
  MemoryBlock find(std::size_t bytes);
  void give_back(MemoryBlock block);

  std::mutex mutex_;
  std::size_t most_kept_;
  std::vector<MemoryBlock> free_;
};

}  // namespace lightly::core
