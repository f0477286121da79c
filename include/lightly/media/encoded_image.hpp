#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace lightly::media {

/// A rectangle of an image, in pixels: rows [top, top + height), columns [left, left + width).
struct Region {
  std::int64_t top = 0;
  std::int64_t left = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// A decoded part of an image.
struct ImagePart {
  /// uint8 [3, h, w]: the image from (top, left) on, `reduction` times smaller. Channels-last, but
  /// that rows may lie farther apart than w pixels.
  at::Tensor pixels = {};
  /// In pixels of the whole image. Negative by less than `reduction` where the reduced image, whose
  /// last row or column reaches beyond the edge, was turned by its EXIF orientation.
  std::int64_t top = 0;
  std::int64_t left = 0;
  std::int64_t reduction = 1;
};

/// What becomes of grey images of 16 bits a pixel. (Those in colour keep the upper 8 bits.)
enum class SixteenBits {
  kSaturate,   ///< min(value, 255), as Pillow's `convert("RGB")`
  kUpperByte,  ///< value / 256
};

struct EncodedImageOptions {
  /// Largest width times height, >= 1; more is refused by the header, before memory is taken.
  std::int64_t max_pixels = std::int64_t{1} << 28;

  /// Whether JPEG, PNG and WebP are turned by the orientation in their EXIF (or XMP) data, as
  /// Pillow's `ImageOps.exif_transpose` does it. TIFF always is, as in Pillow.
  bool exif_orientation = false;

  SixteenBits sixteen_bits = SixteenBits::kSaturate;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// An image file in memory, of which only the header has been read.
///
/// JPEG, PNG (of an animated one the default image), GIF and WebP (of several frames the first, on
/// its canvas), BMP, PNM (P1 to P6) and TIFF (first page), by their first bytes. Pixels equal those
/// of Pillow 13's `Image.open(file).convert("RGB")`: grey becomes RGB, alpha is dropped. Differs:
/// where data end early Pillow gives some images with black rows, and takes a PNG without its end;
/// here a file cut short is an error. So is damage that the format can tell; in a JPEG's coded data
/// it gives the pixels that it gives in Pillow. Copies are cheap and share the bytes; immutable and
/// thread-safe.
class EncodedImage {
 public:
  /// `name` opens no file, it names the image in errors. Throws c10::ValueError for a null pointer
  /// and c10::Error for no bytes, an unknown format, a damaged header or too many pixels.
  EncodedImage(std::shared_ptr<const std::vector<std::uint8_t>> bytes, std::string name,
               const EncodedImageOptions& options = {});

  /// Of what decode() gives, from the header.
  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }

  const std::string& name() const { return name_; }

  /// The file as it was given.
  const std::vector<std::uint8_t>& bytes() const { return *bytes_; }

  /// uint8 [3, H, W], RGB, channels-last. Throws c10::Error with name and reason for damaged data.
  at::Tensor decode() const;

  /// At least `region` of the image, which lies inside it and is not empty; the pixels are those of
  /// decode(). Formats other than JPEG give the whole image. `reduction` 1, 2, 4 or 8: a JPEG is
  /// that many times smaller, by scaling its DCT, which is not exact; others ignore it. Throws
  /// c10::ValueError for another region or reduction, and what decode() throws.
  ImagePart decode_part(const Region& region, std::int64_t reduction = 1) const;

 private:
  enum class Format { kJpeg, kPng, kGif, kWebp, kBmp, kPnm, kTiff };

  static Format format_of(const std::vector<std::uint8_t>& bytes, const std::string& where);
  void read_header(const EncodedImageOptions& options);
  std::string where() const;

  std::shared_ptr<const std::vector<std::uint8_t>> bytes_;
  std::string name_;
  Format format_ = Format::kJpeg;
  SixteenBits sixteen_bits_ = SixteenBits::kSaturate;
  std::int64_t height_ = 0;
  std::int64_t width_ = 0;
  int orientation_ = 1;  // EXIF's, 1 to 8
};

/// Reads a file below 2 GiB as an EncodedImage of that name. Throws c10::Error with the file and
/// the reason when it cannot be read (missing, a folder, too large) or is empty, and what
/// EncodedImage's constructor throws.
EncodedImage read_encoded_image(const std::filesystem::path& path,
                                const EncodedImageOptions& options = {});

}  // namespace lightly::media
