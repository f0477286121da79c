#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/media/encoded_image.hpp"

/// JPEG by libjpeg-turbo, whose types stay in jpeg.cpp.
///
/// Decoding gives the pixels of Pillow's `Image.open(path).convert("RGB")` bit for bit: the
/// accurate integer DCT, chroma interpolated ("fancy upsampling"), grey in all three channels, CMYK
/// and YCCK taken as inverted, as Adobe writes them, and mixed as Pillow does. As there, damaged
/// data between markers decode to what libjpeg-turbo makes of them, without a word, and data that
/// end before the image is complete are an error. Two limits are ours: a file of more than 100
/// scans, and one whose coefficients take more than 2 GiB, is refused. Arithmetic coding is read
/// where libjpeg-turbo was built with it; lossless JPEG and 12 bits are errors.
///
/// `where` opens the text of every c10::Error, "<where>: <libjpeg's message, or the reason>", as in
/// "load_image: cannot decode x.jpg". Nothing is written to the standard error stream. Every
/// function may be called from several threads at once.
namespace lightly::media {

/// The size that a JPEG's header claims, px.
struct JpegHeader {
  std::int64_t width = 0;
  std::int64_t height = 0;
};

/// Reads up to the first scan: what follows is not looked at.
JpegHeader read_jpeg_header(std::span<const std::uint8_t> bytes, const std::string& where);

/// The whole image: uint8 [3, H, W], channels-last.
at::Tensor decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& where);

/// `region` of the image and nothing else, with the pixels of decode_jpeg.
///
/// The entropy-coded data above the region are read and those below are not, but for the end of the
/// file; of the blocks left and right of it no pixels are made. An error is one of decode_jpeg and
/// the other way round: where no marker ends the data below the region, these are decoded after
/// all, to see whether they suffice. Files of several scans (progressive ones) are always read to
/// their end; a progressive file without its last scans, which libjpeg smooths over the blocks'
/// borders, is decoded whole.
///
/// `reduction` 2, 4 or 8 makes pixels of the image that many times smaller, by a smaller inverse
/// DCT: sides are rounded up, the region's borders outwards, and the pixels are not those of a
/// resized image. Throws c10::ValueError for another reduction or a region that is empty or not
/// within the image.
ImagePart decode_jpeg_part(std::span<const std::uint8_t> bytes, const std::string& where,
                           const Region& region, std::int64_t reduction);

/// A baseline JPEG of an image, uint8 [3, H, W], any strides, with the settings of Pillow's
/// `save(path, quality=quality)`: 4:2:0, the tables of Annex K of ITU-T T.81 scaled by `quality`, 1
/// (smallest file) to 100. Another build of libjpeg-turbo may give other bytes. Throws
/// c10::ValueError for another tensor, a quality out of its range or a side above 65500 px.
std::vector<std::uint8_t> encode_jpeg(const at::Tensor& image, std::int64_t quality);

}  // namespace lightly::media
