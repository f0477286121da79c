#include "lightly/data/video_extensions.hpp"

namespace lightly::data {

std::vector<std::string> video_extensions() {
  return {".mp4", ".mov", ".avi", ".mpg", ".hevc", ".m4v", ".webm", ".mpeg"};
}

}  // namespace lightly::data
