#pragma once

#include <cstdint>

namespace lightly::testing {

/// How far to step through golden data that an optimised build compares whole: a sanitizer slows
/// the work by ten, and what it looks for shows in a part of it. Cases alternate by two and by
/// three.
#ifdef LIGHTLY_SANITIZED
inline constexpr std::int64_t kGoldenStride = 7;
#else
inline constexpr std::int64_t kGoldenStride = 1;
#endif

}  // namespace lightly::testing
