#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

#include "media/orientation.hpp"
#include "media/tiff_directory.hpp"
#include "media/webp.hpp"

namespace lightly::media {
namespace {

constexpr std::string_view kExifPrefix{"Exif\0\0", 6};

std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The first `tiff:Orientation="6"` or `<tiff:Orientation>6`.
int xmp_orientation(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (std::size_t at = xmp.find(kName); at != std::string_view::npos; at = xmp.find(kName, at)) {
    at += kName.size();
    std::string_view rest = xmp.substr(at);
    if (rest.starts_with("=\"")) {
      rest.remove_prefix(2);
    } else if (rest.starts_with(">")) {
      rest.remove_prefix(1);
    } else {
      continue;
    }
    if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
      return known_orientation(rest[0] - '0');
    }
  }
  return 1;
}

// XMP counts only where EXIF has no such entry.
int orientation_of(std::string_view exif, std::string_view xmp) {
  constexpr std::uint16_t kOrientation = 274;
  for (int i = 0; i < 2 && exif.starts_with(kExifPrefix); ++i) {
    exif.remove_prefix(kExifPrefix.size());
  }
  if (const std::optional<TiffDirectory> directory = TiffDirectory::open(as_bytes(exif))) {
    if (const std::optional<std::int64_t> number = directory->number(kOrientation)) {
      return known_orientation(*number);
    }
  }
  return xmp_orientation(xmp);
}

// The text of a zlib stream of at most 1 MiB, empty for another one.
std::string inflated(std::string_view packed) {
  std::string text(std::size_t{1} << 20, '\0');
  uLongf length = text.size();
  const Bytes bytes = as_bytes(packed);
  const int result = ::uncompress(reinterpret_cast<Bytef*>(text.data()), &length, bytes.data(),
                                  static_cast<uLong>(bytes.size()));
  text.resize(result == Z_OK ? length : 0);
  return text;
}

// What comes before the next NUL, which is taken off `rest` with it; all when there is none.
std::string_view take_name(std::string_view& rest) {
  const std::string_view name = rest.substr(0, rest.find('\0'));
  rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  return name;
}

// ImageMagick's: three lines, the last one a length, and hexadecimal digits in lines.
std::string raw_profile(std::string_view text) {
  for (int line = 0; line < 3; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(end + 1);
  }
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](char c) {
    return std::string_view(" \t\r\n").find(c) == std::string_view::npos;
  });
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const std::size_t upper = kDigits.find(digits[i]);
    const std::size_t lower = kDigits.find(digits[i + 1]);
    if (upper == std::string_view::npos || lower == std::string_view::npos) {
      return {};
    }
    bytes.push_back(static_cast<char>(upper * 16 + lower));
  }
  return bytes;
}

// A text of a file, which is unpacked only where it counts: a small file may hold thousands that do
// not.
struct StoredText {
  std::string_view bytes;
  bool is_packed = false;

  std::string text() const { return is_packed ? inflated(bytes) : std::string(bytes); }
};

// The last one of each kind.
struct PngMetadata {
  std::string_view exif;
  StoredText profile;  // counts only without exif
  StoredText xmp;

  void read(std::string_view chunk, std::string_view data) {
    constexpr std::string_view kProfile = "Raw profile type exif";
    if (chunk == "eXIf") {
      exif = data;
      return;
    }
    if (chunk != "tEXt" && chunk != "zTXt" && chunk != "iTXt") {
      return;
    }
    std::string_view rest = data;
    const std::string_view key = take_name(rest);
    if (key == kProfile && chunk == "tEXt") {
      profile = {.bytes = rest};
    } else if (key == kProfile && chunk == "zTXt" && rest.starts_with('\0')) {
      profile = {.bytes = rest.substr(1), .is_packed = true};
    } else if (key == "XML:com.adobe.xmp" && chunk == "iTXt" && rest.size() > 2 && rest[1] == 0) {
      const bool is_packed = rest[0] != 0;
      rest.remove_prefix(2);
      take_name(rest);  // the language
      take_name(rest);  // the keyword in that language
      xmp = {.bytes = rest, .is_packed = is_packed};
    }
  }
};

}  // namespace

// ITU-T T.81, Annex B: segments of a marker and a length, up to the first scan.
int read_jpeg_orientation(Bytes bytes) {
  constexpr std::uint64_t kScan = 0xDA;
  constexpr std::uint64_t kApp1 = 0xE1;
  constexpr std::string_view kXmp{"http://ns.adobe.com/xap/1.0/\0", 29};
  std::string exif;
  std::string_view xmp;
  std::size_t at = 2;
  while (at + 4 <= bytes.size()) {
    const std::uint8_t marker = bytes[at + 1];
    if (bytes[at] != 0xFF || marker == 0xFF || marker == 0x00 || marker == 0xD8 ||
        (marker >= 0xD0 && marker <= 0xD7)) {
      ++at;  // fill bytes, and what is not coded where it belongs
      continue;
    }
    const std::uint64_t length = big_endian(bytes, at + 2, 2);
    if (marker == kScan || length < 2 || length > bytes.size() - at - 2) {
      break;
    }
    const std::string_view segment = as_text(bytes.subspan(at + 4, length - 2));
    if (marker == kApp1 && segment.starts_with(kExifPrefix)) {
      // Data that do not fit a segment go on in the next.
      exif += exif.empty() ? segment : segment.substr(kExifPrefix.size());
    } else if (marker == kApp1 && segment.starts_with(kXmp)) {
      xmp = segment.substr(kXmp.size());
    }
    at += 2 + length;
  }
  return orientation_of(exif, xmp);
}

int read_png_orientation(Bytes bytes) {
  PngMetadata metadata;
  std::size_t at = 8;
  while (bytes.size() >= at + 12) {
    const std::uint64_t length = big_endian(bytes, at, 4);
    if (length > bytes.size() - at - 12) {
      break;
    }
    metadata.read(as_text(bytes.subspan(at + 4, 4)), as_text(bytes.subspan(at + 8, length)));
    at += 12 + length;
  }
  const std::string xmp = metadata.xmp.text();
  return metadata.exif.empty() ? orientation_of(raw_profile(metadata.profile.text()), xmp)
                               : orientation_of(metadata.exif, xmp);
}

int read_webp_orientation(Bytes bytes) {
  return orientation_of(as_text(find_webp_chunk(bytes, "EXIF")),
                        as_text(find_webp_chunk(bytes, "XMP ")));
}

}  // namespace lightly::media
