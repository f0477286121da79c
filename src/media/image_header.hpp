#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace lightly::media {

/// What the first bytes of an image file say about it.
struct ImageHeader {
  std::int64_t width = 0;
  std::int64_t height = 0;
  /// False for a JPEG without its end marker; such a file decodes to a picture with invented rows.
  bool complete = true;
};

/// Reads the header of a PNG, JPEG or BMP file; nothing for other formats, or when there is none.
std::optional<ImageHeader> read_image_header(std::span<const std::uint8_t> bytes);

}  // namespace lightly::media
