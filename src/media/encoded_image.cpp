#include "lightly/media/encoded_image.hpp"

#include <limits>
#include <string_view>
#include <utility>

#include <c10/util/Exception.h>

#include "core/input_file.hpp"
#include "lightly/core/check.hpp"
#include "media/bmp.hpp"
#include "media/gif.hpp"
#include "media/image_bytes.hpp"
#include "media/jpeg.hpp"
#include "media/orientation.hpp"
#include "media/png.hpp"
#include "media/pnm.hpp"
#include "media/tiff.hpp"
#include "media/webp.hpp"

namespace lightly::media {
namespace {

constexpr const char* kReadCallee = "read_encoded_image";

bool begins_as_tiff(Bytes bytes) {
  using namespace std::string_view_literals;
  return begins_with(bytes, "II*\0"sv) || begins_with(bytes, "MM\0*"sv) ||
         begins_with(bytes, "II+\0"sv) || begins_with(bytes, "MM\0+"sv);
}

bool begins_as_pnm(Bytes bytes) {
  return bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
         (bytes[2] == ' ' || bytes[2] == '#' || (bytes[2] >= '\t' && bytes[2] <= '\r'));
}

}  // namespace

void EncodedImageOptions::check() const {
  core::check_at_least("EncodedImage", "max_pixels", max_pixels, 1);
}

EncodedImage::EncodedImage(std::shared_ptr<const std::vector<std::uint8_t>> bytes, std::string name,
                           const EncodedImageOptions& options)
    : bytes_(std::move(bytes)), name_(std::move(name)), sixteen_bits_(options.sixteen_bits) {
  options.check();
  TORCH_CHECK_VALUE(bytes_ != nullptr, "EncodedImage: bytes must be those of ", name_,
                    ", got none");
  TORCH_CHECK(!bytes_->empty(), where(), ": the file is empty");
  format_ = format_of(*bytes_, where());
  read_header(options);
}

EncodedImage::Format EncodedImage::format_of(const std::vector<std::uint8_t>& bytes,
                                             const std::string& where) {
  if (begins_with(bytes, "\xFF\xD8\xFF")) {
    return Format::kJpeg;
  }
  if (begins_with(bytes, "\x89PNG\r\n\x1A\n")) {
    return Format::kPng;
  }
  if (begins_with(bytes, "GIF87a") || begins_with(bytes, "GIF89a")) {
    return Format::kGif;
  }
  if (begins_with(bytes, "RIFF") && bytes.size() >= 12 &&
      begins_with(Bytes(bytes).subspan(8), "WEBP")) {
    return Format::kWebp;
  }
  if (begins_with(bytes, "BM")) {
    return Format::kBmp;
  }
  if (begins_as_pnm(bytes)) {
    return Format::kPnm;
  }
  TORCH_CHECK(begins_as_tiff(bytes), where, ": of no known format");
  return Format::kTiff;
}

void EncodedImage::read_header(const EncodedImageOptions& options) {
  const Bytes bytes = *bytes_;
  ImageSize stored;
  switch (format_) {
    case Format::kJpeg: {
      const JpegHeader header = read_jpeg_header(bytes, where());
      stored = {.width = header.width, .height = header.height};
      break;
    }
    case Format::kPng:
      stored = read_png_size(bytes, where());
      break;
    case Format::kGif:
      stored = read_gif_size(bytes, where());
      break;
    case Format::kWebp:
      stored = read_webp_size(bytes, where());
      break;
    case Format::kBmp:
      stored = read_bmp_size(bytes, where());
      break;
    case Format::kPnm:
      stored = read_pnm_size(bytes, where());
      break;
    case Format::kTiff:
      stored = read_tiff_size(bytes, where());
      break;
  }
  TORCH_CHECK(stored.width >= 1 && stored.height >= 1, where(), ": its header claims a size of ",
              stored.width, " x ", stored.height);
  TORCH_CHECK(stored.width <= options.max_pixels / stored.height, "EncodedImage: ", name_,
              " must have at most ", options.max_pixels, " pixels, got ", stored.width, " x ",
              stored.height);
  if (options.exif_orientation) {
    orientation_ = format_ == Format::kJpeg   ? read_jpeg_orientation(bytes)
                   : format_ == Format::kPng  ? read_png_orientation(bytes)
                   : format_ == Format::kWebp ? read_webp_orientation(bytes)
                                              : 1;
  }
  const ImageSize upright = Orientation(orientation_, stored).upright();
  width_ = upright.width;
  height_ = upright.height;
}

std::string EncodedImage::where() const {
  return "EncodedImage: cannot decode " + name_;
}

at::Tensor EncodedImage::decode() const {
  return decode_part({.height = height_, .width = width_}).pixels;
}

ImagePart EncodedImage::decode_part(const Region& region, std::int64_t reduction) const {
  TORCH_CHECK_VALUE(reduction == 1 || reduction == 2 || reduction == 4 || reduction == 8,
                    "EncodedImage: reduction must be 1, 2, 4 or 8, got ", reduction);
  TORCH_CHECK_VALUE(
      region.top >= 0 && region.left >= 0 && region.height >= 1 && region.width >= 1 &&
          region.height <= height_ - region.top && region.width <= width_ - region.left,
      "EncodedImage: region must lie within ", height_, " x ", width_, ", got ", region.height,
      " x ", region.width, " at (", region.top, ", ", region.left, ")");
  const Bytes bytes = *bytes_;
  const bool swaps_axes = orientation_ >= 5;
  const Orientation orientation(orientation_, {.width = swaps_axes ? height_ : width_,
                                               .height = swaps_axes ? width_ : height_});
  const bool is_whole = region.height == height_ && region.width == width_ && reduction == 1;
  ImagePart part;
  switch (format_) {
    case Format::kJpeg:
      part = is_whole ? ImagePart{.pixels = decode_jpeg(bytes, where())}
                      : decode_jpeg_part(bytes, where(), orientation.stored(region), reduction);
      break;
    case Format::kPng:
      part.pixels = decode_png(bytes, where(), sixteen_bits_);
      break;
    case Format::kGif:
      part.pixels = decode_gif(bytes, where());
      break;
    case Format::kWebp:
      part.pixels = decode_webp(bytes, where());
      break;
    case Format::kBmp:
      part.pixels = decode_bmp(bytes, where());
      break;
    case Format::kPnm:
      part.pixels = decode_pnm(bytes, where(), sixteen_bits_);
      break;
    case Format::kTiff:
      part.pixels = decode_tiff(bytes, where(), sixteen_bits_);
      break;
  }
  return orientation_ == 1 ? part : orientation.upright(part);
}

EncodedImage read_encoded_image(const std::filesystem::path& path,
                                const EncodedImageOptions& options) {
  options.check();
  core::InputFile file(kReadCallee, path);
  TORCH_CHECK(file.size() > 0, file.where(), ": the file is empty");
  TORCH_CHECK(file.size() <= std::numeric_limits<std::int32_t>::max(), file.where(),
              ": a file must have less than 2 GiB, got ", file.size(), " bytes");
  auto bytes = std::make_shared<std::vector<std::uint8_t>>(file.size());
  file.read(0, bytes->data(), bytes->size(), "the image");
  return EncodedImage(std::move(bytes), path.string(), options);
}

}  // namespace lightly::media
