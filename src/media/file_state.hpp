#pragma once

#include <filesystem>
#include <optional>

#include "lightly/media/video_index.hpp"

namespace lightly::media {

/// Nothing for a file that cannot be looked at.
std::optional<FileState> file_state(const std::filesystem::path& file);

/// Of an open file.
std::optional<FileState> file_state(int descriptor);

}  // namespace lightly::media
