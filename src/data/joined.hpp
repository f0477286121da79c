#pragma once

#include <string>
#include <vector>

namespace lightly::data {

/// `.jpg,.png`, for an error.
inline std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    text += (text.empty() ? "" : ",") + part;
  }
  return text;
}

}  // namespace lightly::data
