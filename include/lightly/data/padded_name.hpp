#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lightly::data {

/// `prefix` and the index with at least five digits, so that names sort as the images do.
inline std::string padded_name(std::string_view prefix, std::int64_t index) {
  const std::string digits = std::to_string(index);
  std::string name(prefix);
  name.append(digits.size() < 5 ? 5 - digits.size() : 0, '0');
  return name + digits;
}

}  // namespace lightly::data
