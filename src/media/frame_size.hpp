#pragma once

#include <cstdint>
#include <optional>

#include "lightly/media/video_index.hpp"
#include "lightly/media/video_reader.hpp"
#include "media/image_bytes.hpp"

namespace lightly::media {

/// As FFmpeg's pictures.
inline constexpr std::int64_t kMaxFrameSidePx = 32768;

/// The size with this shorter side, as torchvision: Resize, which cuts the longer one to whole
/// pixels.
ImageSize with_shorter_side(const ImageSize& size, std::int64_t side);

/// What the frames of a video are resized to, before rotation, if they are. Throws c10::ValueError
/// for a side that is too long.
std::optional<ImageSize> resized_frames(const VideoReaderOptions& options, const VideoIndex& index);

}  // namespace lightly::media
