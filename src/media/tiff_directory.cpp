#include "media/tiff_directory.hpp"

namespace lightly::media {
namespace {

// Bytes of one value of a type that holds whole numbers, or 0.
std::size_t tiff_number_bytes(std::uint64_t type) {
  switch (type) {
    case 3:  // SHORT
    case 8:  // SSHORT
      return 2;
    case 4:   // LONG
    case 9:   // SLONG
    case 13:  // IFD
      return 4;
    case 16:  // LONG8
      return 8;
    default:
      return 0;
  }
}

}  // namespace

TiffDirectory::TiffDirectory(Bytes bytes, bool is_big_endian, bool is_big)
    : bytes_(bytes), is_big_endian_(is_big_endian), is_big_(is_big) {}

std::optional<TiffDirectory> TiffDirectory::open(Bytes bytes) {
  if (bytes.size() < 8) {
    return std::nullopt;
  }
  const bool is_big_endian = begins_with(bytes, "MM");
  if (!is_big_endian && !begins_with(bytes, "II")) {
    return std::nullopt;
  }
  const std::uint64_t version =
      is_big_endian ? big_endian(bytes, 2, 2) : little_endian(bytes, 2, 2);
  constexpr std::uint64_t kTiff = 42;
  constexpr std::uint64_t kBigTiff = 43;
  // In the other order of bytes, as it is found in real EXIF data.
  constexpr std::uint64_t kTurned = kTiff << 8U;
  if (version != kTiff && version != kBigTiff && version != kTurned) {
    return std::nullopt;
  }
  return TiffDirectory(bytes, is_big_endian, version == kBigTiff);
}

std::uint64_t TiffDirectory::unsigned_at(std::size_t at, std::size_t count) const {
  return is_big_endian_ ? big_endian(bytes_, at, count) : little_endian(bytes_, at, count);
}

std::optional<TiffDirectory::Place> TiffDirectory::find(std::uint16_t tag) const {
  const std::size_t word = is_big_ ? 8 : 4;
  const std::size_t count_bytes = is_big_ ? 8 : 2;
  if (bytes_.size() < 2 * word) {
    return std::nullopt;
  }
  const std::uint64_t start = unsigned_at(word, word);
  if (start > bytes_.size() || count_bytes > bytes_.size() - start) {
    return std::nullopt;
  }
  const std::uint64_t entries = unsigned_at(start, count_bytes);
  const std::size_t entry_bytes = 4 + 2 * word;
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::uint64_t entry = start + count_bytes + i * entry_bytes;
    if (entry + entry_bytes > bytes_.size()) {
      break;
    }
    if (unsigned_at(entry, 2) != tag) {
      continue;
    }
    const std::size_t value_bytes = tiff_number_bytes(unsigned_at(entry + 2, 2));
    const std::uint64_t values = unsigned_at(entry + 4, word);
    if (value_bytes == 0 || values == 0 || values > bytes_.size()) {
      continue;
    }
    std::uint64_t at = entry + 4 + word;
    if (values * value_bytes > word) {  // they are elsewhere
      at = unsigned_at(at, word);
      if (at > bytes_.size() || values * value_bytes > bytes_.size() - at) {
        continue;
      }
    }
    return Place{.at = at, .bytes = value_bytes};
  }
  return std::nullopt;
}

std::optional<std::int64_t> TiffDirectory::number(std::uint16_t tag) const {
  const std::optional<Place> place = find(tag);
  if (!place.has_value()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(unsigned_at(place->at, place->bytes));
}

}  // namespace lightly::media
