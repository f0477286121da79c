#pragma once

#include <cstddef>
#include <memory>

namespace lightly::core {

/// Memory of `bytes` that nothing has written yet, aligned to a cache line at least.
struct MemoryBlock {
  std::size_t bytes = 0;
  std::shared_ptr<void> memory;
};

/// A block of at least `bytes` >= 1; from 4 MiB on in huge pages, which take 512 times fewer first
/// touches and entries of the TLB. Throws c10::Error, which `callee` opens, when there is no
/// memory.
MemoryBlock allocate_block(const char* callee, std::size_t bytes);

}  // namespace lightly::core
