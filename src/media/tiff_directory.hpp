#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "media/image_bytes.hpp"

namespace lightly::media {

/// The first directory of a TIFF file, which EXIF data are too.
class TiffDirectory {
 public:
  /// Nothing when the bytes do not begin as TIFF or BigTIFF do, in either order of bytes.
  static std::optional<TiffDirectory> open(Bytes bytes);

  /// The first value of the first entry of that tag that holds whole numbers; nothing when there is
  /// none, or where the bytes end too early.
  std::optional<std::int64_t> number(std::uint16_t tag) const;

 private:
  struct Place {
    std::size_t at = 0;
    std::size_t bytes = 0;
  };

  TiffDirectory(Bytes bytes, bool is_big_endian, bool is_big);
  std::optional<Place> find(std::uint16_t tag) const;
  /// `count` bytes from `at` on, which find() has seen to be there.
  std::uint64_t unsigned_at(std::size_t at, std::size_t count) const;

  Bytes bytes_;
  bool is_big_endian_;
  bool is_big_;  // BigTIFF, with 64-bit offsets
};

}  // namespace lightly::media
