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
  // 42 in the other order of bytes is found in real EXIF data.
  if (version != 42 && version != 43 && version != 42 * 256) {
    return std::nullopt;
  }
  return TiffDirectory(bytes, is_big_endian, version == 43);
}

std::optional<std::uint64_t> TiffDirectory::unsigned_at(std::uint64_t at, std::size_t count) const {
  if (at > bytes_.size() || count > bytes_.size() - at) {
    return std::nullopt;
  }
  return is_big_endian_ ? big_endian(bytes_, at, count) : little_endian(bytes_, at, count);
}

std::optional<TiffDirectory::Place> TiffDirectory::find(std::uint16_t tag) const {
  const std::size_t word = is_big_ ? 8 : 4;
  const std::optional<std::uint64_t> start = unsigned_at(is_big_ ? 8 : 4, word);
  if (!start.has_value() || *start > bytes_.size()) {
    return std::nullopt;
  }
  const std::size_t count_bytes = is_big_ ? 8 : 2;
  const std::uint64_t entries = unsigned_at(*start, count_bytes).value_or(0);
  const std::size_t entry_bytes = 4 + 2 * word;
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::uint64_t entry = *start + count_bytes + i * entry_bytes;
    if (entry + entry_bytes > bytes_.size()) {
      break;
    }
    if (unsigned_at(entry, 2) != tag) {
      continue;
    }
    const std::size_t value_bytes = tiff_number_bytes(*unsigned_at(entry + 2, 2));
    const std::uint64_t values = *unsigned_at(entry + 4, word);
    if (value_bytes == 0 || values == 0 || values > bytes_.size()) {
      continue;
    }
    std::uint64_t at = entry + 4 + word;
    if (values * value_bytes > word) {  // they are elsewhere
      at = *unsigned_at(at, word);
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
  return static_cast<std::int64_t>(*unsigned_at(place->at, place->bytes));
}

}  // namespace lightly::media
