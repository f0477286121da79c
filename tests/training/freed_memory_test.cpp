#include "lightly/training/freed_memory.hpp"

#include <sys/resource.h>

#include <cstring>
#include <memory>

#include <gtest/gtest.h>

namespace lightly::training {
namespace {

constexpr std::size_t kBytes = std::size_t{16} << 20;

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// The page faults of a block that is taken, filled and freed.
long faults_of_a_block() {
  const long before = page_faults();
  const std::unique_ptr<char[]> block(new char[kBytes]);
  std::memset(block.get(), 1, kBytes);
  // Read, so that the block is no dead store.
  EXPECT_EQ(block[kBytes / 2], 1);
  return page_faults() - before;
}

TEST(KeepFreedMemory, ABlockIsFilledAgainWithoutPageFaults) {
#ifdef LIGHTLY_SANITIZED
  GTEST_SKIP() << "a sanitizer brings its own allocator";
#endif
  if (!keep_freed_memory()) {
    GTEST_SKIP() << "this allocator has no such option";
  }
  faults_of_a_block();
  for (int i = 0; i < 3; ++i) {
    EXPECT_LE(faults_of_a_block(), 64);  // of 4096 pages
  }
}

}  // namespace
}  // namespace lightly::training
