#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lightly::data {

/// The first names of a list that is not empty, for an error: `a, b, c, d, e and 7 more`.
inline std::string some_names(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 5;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMost; ++i) {
    text += (i > 0 ? ", " : "") + names[i];
  }
  if (names.size() > kMost) {
    text += " and " + std::to_string(names.size() - kMost) + " more";
  }
  return text;
}

}  // namespace lightly::data
