#include "media/image_header.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace lightly::media {
namespace {

using Bytes = std::span<const std::uint8_t>;

bool begins_with(Bytes bytes, Bytes signature) {
  return bytes.size() >= signature.size() &&
         std::equal(signature.begin(), signature.end(), bytes.begin());
}

std::int64_t big_endian(Bytes bytes, std::size_t at, std::size_t count) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = value * 256 + bytes[at + i];
  }
  return value;
}

std::int64_t little_endian_32(Bytes bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i > 0; --i) {
    value = (value << 8) | bytes[at + i - 1];
  }
  return static_cast<std::int32_t>(value);
}

// PNG specification, 11.2.2: IHDR comes first.
std::optional<ImageHeader> read_png(Bytes bytes) {
  if (bytes.size() < 24) {
    return std::nullopt;
  }
  return ImageHeader{.width = big_endian(bytes, 16, 4), .height = big_endian(bytes, 20, 4)};
}

std::optional<ImageHeader> read_bmp(Bytes bytes) {
  if (bytes.size() < 26) {
    return std::nullopt;
  }
  if (little_endian_32(bytes, 14) == 12) {  // the header of OS/2, with 16-bit sizes
    return ImageHeader{.width = bytes[18] + 256 * bytes[19], .height = bytes[20] + 256 * bytes[21]};
  }
  const std::int64_t height = little_endian_32(bytes, 22);  // negative: rows from top to bottom
  return ImageHeader{.width = little_endian_32(bytes, 18), .height = height < 0 ? -height : height};
}

// ITU-T T.81, Annex B: segments of a marker and a length; after SOS come coded bytes, in which 0xFF
// is followed by 0 or a restart marker.
std::optional<ImageHeader> read_jpeg(Bytes bytes) {
  constexpr std::uint8_t kEnd = 0xD9;
  constexpr std::uint8_t kScan = 0xDA;
  std::optional<ImageHeader> header;
  std::size_t at = 2;
  while (at + 1 < bytes.size()) {
    const std::uint8_t marker = bytes[at + 1];
    if (bytes[at] != 0xFF || marker == 0xFF || marker == 0x00 ||
        (marker >= 0xD0 && marker <= 0xD7)) {
      ++at;  // coded bytes, fill bytes and restart markers
      continue;
    }
    if (marker == kEnd) {
      return header;
    }
    if (at + 4 > bytes.size()) {
      break;
    }
    const bool is_frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (is_frame && at + 9 <= bytes.size() && !header.has_value()) {
      header = ImageHeader{.width = big_endian(bytes, at + 7, 2),
                           .height = big_endian(bytes, at + 5, 2)};
    }
    if (marker == kScan && !header.has_value()) {
      break;
    }
    at += 2 + static_cast<std::size_t>(big_endian(bytes, at + 2, 2));
  }
  if (header.has_value()) {
    header->complete = false;
  }
  return header;
}

}  // namespace

std::optional<ImageHeader> read_image_header(Bytes bytes) {
  constexpr std::array<std::uint8_t, 8> kPng{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  constexpr std::array<std::uint8_t, 3> kJpeg{0xFF, 0xD8, 0xFF};
  constexpr std::array<std::uint8_t, 2> kBmp{'B', 'M'};
  if (begins_with(bytes, kPng)) {
    return read_png(bytes);
  }
  if (begins_with(bytes, kJpeg)) {
    return read_jpeg(bytes);
  }
  if (begins_with(bytes, kBmp)) {
    return read_bmp(bytes);
  }
  return std::nullopt;
}

}  // namespace lightly::media
