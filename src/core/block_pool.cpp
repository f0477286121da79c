#include "core/block_pool.hpp"

#include <utility>

namespace lightly::core {

MemoryBlock BlockPool::take(const char* callee, std::size_t bytes) {
  MemoryBlock block = find(bytes);
  if (!block.memory) {
    block = allocate_block(callee, bytes);
  }
  const std::size_t size = block.bytes;
  void* memory = block.memory.get();
  return {.bytes = size,
          .memory = {memory, [pool = shared_from_this(), block = std::move(block)](void*) mutable {
                       pool->give_back(std::move(block));
                     }}};
}

void BlockPool::close() {
  const std::scoped_lock lock(mutex_);
  most_kept_ = 0;
  free_.clear();
}

MemoryBlock BlockPool::find(std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  // The smallest that fits; of equal ones the last returned, whose lines may still be cached.
  auto best = free_.end();
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    if (it->bytes >= bytes && (best == free_.end() || it->bytes <= best->bytes)) {
      best = it;
    }
  }
  if (best != free_.end()) {
    MemoryBlock block = std::move(*best);
    free_.erase(best);
    return block;
  }
  // Sizes have changed: make room for the new one.
  if (!free_.empty() && free_.size() >= most_kept_) {
    free_.erase(free_.begin());
  }
  return {};
}

void BlockPool::give_back(MemoryBlock block) {
  const std::scoped_lock lock(mutex_);
  if (free_.size() < most_kept_) {
    free_.push_back(std::move(block));
  }
}

}  // namespace lightly::core
