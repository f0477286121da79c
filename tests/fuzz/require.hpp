#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace lightly::fuzz {

/// Ends the process, which libFuzzer reports with the input that led here.
inline void require(bool condition, const std::string& what) {
  if (!condition) {
    std::fprintf(stderr, "fuzz: %s\n", what.c_str());
    std::abort();
  }
}

}  // namespace lightly::fuzz
