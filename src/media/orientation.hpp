#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "lightly/media/encoded_image.hpp"
#include "media/image_bytes.hpp"

/// The orientation in an image's metadata, 1 to 8 as EXIF 2.32 numbers them.
namespace lightly::media {

/// `number`, or 1 unless it is one of the eight.
inline int known_orientation(std::int64_t number) {
  return number >= 1 && number <= 8 ? static_cast<int>(number) : 1;
}

/// That of a file of the format: of its EXIF data, else of its XMP; 1 when there is none. Damaged
/// metadata are no metadata.
int read_jpeg_orientation(Bytes bytes);
int read_png_orientation(Bytes bytes);
int read_webp_orientation(Bytes bytes);

/// An image that is turned upright.
class Orientation {
 public:
  /// `stored` is the size before.
  Orientation(int number, const ImageSize& stored);

  /// The size afterwards.
  ImageSize upright() const;

  /// Where `region` of the upright image is in the stored one.
  Region stored(const Region& region) const;

  /// A part of the stored image as one of the upright image, uint8 [3, h, w], channels-last.
  ImagePart upright(const ImagePart& part) const;

  /// A whole stored image, whose rows of RGB are `row` bytes apart, as a dense upright [H, W, 3].
  void write_upright(const std::uint8_t* from, std::int64_t row, std::uint8_t* into) const;

 private:
  void turn(const std::uint8_t* from, std::int64_t row, const ImageSize& size,
            std::uint8_t* into) const;

  ImageSize stored_;
  bool swaps_axes_ = false;
  // Of the stored image.
  bool flips_rows_ = false;
  bool flips_columns_ = false;
};

}  // namespace lightly::media
