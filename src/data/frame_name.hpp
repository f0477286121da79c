#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lightly::data {

/// `{stem}-{frame}-{ext}.png` of a frame of the video with this relative path and `num_frames`
/// frames, whose number is filled with zeros to the digits of that count.
std::string frame_name(std::string_view video, std::int64_t frame, std::int64_t num_frames);

/// What the name of a frame says.
struct NamedFrame {
  /// The video's relative path.
  std::string video;
  std::int64_t frame = 0;
};

/// The frame that has this name, if any could have.
std::optional<NamedFrame> parse_frame_name(std::string_view name);

}  // namespace lightly::data
