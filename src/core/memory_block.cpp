#include "core/memory_block.hpp"

#include <cstdlib>
#include <utility>

#include <c10/util/Exception.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace lightly::core {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

}  // namespace

MemoryBlock allocate_block(const char* callee, std::size_t bytes) {
  const std::size_t page = bytes >= 2 * kHugePage ? kHugePage : kLine;
  const std::size_t rounded = (bytes + page - 1) / page * page;
  std::shared_ptr<void> memory(std::aligned_alloc(page, rounded), &std::free);
  TORCH_CHECK(memory, callee, ": no memory for ", rounded, " bytes");
#ifdef MADV_HUGEPAGE
  if (page == kHugePage) {
    madvise(memory.get(), rounded, MADV_HUGEPAGE);  // only a hint: without it the pages are small
  }
#endif
  return {.bytes = rounded, .memory = std::move(memory)};
}

}  // namespace lightly::core
