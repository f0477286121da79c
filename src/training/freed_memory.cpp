#include "lightly/training/freed_memory.hpp"

#include <cstdlib>
#include <limits>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace lightly::training {

bool keep_freed_memory() {
#if defined(__GLIBC__)
  constexpr int kMost = 32 << 20;  // glibc takes no larger one
  return mallopt(M_MMAP_THRESHOLD, kMost) == 1 &&
         mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max()) == 1;
#else
  return false;
#endif
}

}  // namespace lightly::training
