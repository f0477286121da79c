#pragma once

#include <string>
#include <vector>

namespace lightly::data {

/// Endings of the files that are taken for videos, each with its dot. As lightly 1.1's.
std::vector<std::string> video_extensions();

}  // namespace lightly::data
