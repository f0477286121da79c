// An image file of any format: it gives an image of the size its header claims, or a c10::Error
// that names the image; nothing else. Turned by its orientation it has the same pixels, and a part
// of it is what it says to be.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include "lightly/media/encoded_image.hpp"
#include "require.hpp"

namespace {

using namespace lightly;
using fuzz::require;

using Bytes = std::shared_ptr<const std::vector<std::uint8_t>>;

std::optional<media::EncodedImage> open(const Bytes& bytes,
                                        const media::EncodedImageOptions& options) {
  try {
    return media::EncodedImage(bytes, "x.img", options);
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    require(text.starts_with("EncodedImage: ") && text.find("x.img") != std::string::npos,
            "an error does not name the image: " + text);
    return std::nullopt;
  }
}

// The pixels of the part, or nothing after an error.
std::optional<media::ImagePart> part_of(const media::EncodedImage& image,
                                        const media::Region& region, std::int64_t reduction) {
  try {
    return image.decode_part(region, reduction);
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    require(text.starts_with("EncodedImage: cannot decode x.img: "),
            "an error does not name the image: " + text);
    return std::nullopt;
  }
}

// Sorted, because orientations only move pixels.
std::vector<std::uint32_t> colors(const at::Tensor& image) {
  const at::Tensor pixels = image.permute({1, 2, 0}).contiguous();
  const auto* bytes = pixels.const_data_ptr<std::uint8_t>();
  std::vector<std::uint32_t> result(static_cast<std::size_t>(image.size(1) * image.size(2)));
  for (std::uint32_t& color : result) {
    color = bytes[0] * 65536U + bytes[1] * 256U + bytes[2];
    bytes += 3;
  }
  std::sort(result.begin(), result.end());
  return result;
}

void check_part(const media::EncodedImage& image, const at::Tensor& whole, std::int64_t reduction) {
  const media::Region region{.top = image.height() / 3,
                             .left = image.width() / 2,
                             .height = (image.height() + 2) / 3,
                             .width = (image.width() + 2) / 3};
  const std::optional<media::ImagePart> part = part_of(image, region, reduction);
  require(part.has_value(), "a part of a sound image is an error");
  const std::int64_t height = part->pixels.size(1);
  const std::int64_t width = part->pixels.size(2);
  require(part->top <= region.top && part->left <= region.left &&
              part->top + height * part->reduction >= region.top + region.height &&
              part->left + width * part->reduction >= region.left + region.width,
          "a part does not cover its region");
  if (part->reduction == 1) {
    require(part->pixels.equal(whole.narrow(1, part->top, height).narrow(2, part->left, width)),
            "a part has other pixels");
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  at::set_num_threads(1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = std::make_shared<const std::vector<std::uint8_t>>(data, data + size);
  const media::EncodedImageOptions options{.max_pixels = 1 << 14};
  const std::optional<media::EncodedImage> image = open(bytes, options);
  std::optional<media::EncodedImage> turned =
      open(bytes, {.max_pixels = options.max_pixels,
                   .exif_orientation = true,
                   .sixteen_bits = media::SixteenBits::kSaturate});
  require(image.has_value() == turned.has_value(), "the orientation makes an error");
  if (!image.has_value()) {
    return 0;
  }
  const std::optional<media::ImagePart> whole =
      part_of(*image, {.height = image->height(), .width = image->width()}, 1);
  const std::optional<media::ImagePart> upright =
      part_of(*turned, {.height = turned->height(), .width = turned->width()}, 1);
  require(whole.has_value() == upright.has_value(), "the orientation makes an error");
  if (!whole.has_value()) {
    return 0;
  }
  require(whole->pixels.size(1) == image->height() && whole->pixels.size(2) == image->width(),
          "the image has not the size of its header");
  require(upright->pixels.size(1) == turned->height() && upright->pixels.size(2) == turned->width(),
          "the turned image has not the size of its header");
  require(colors(whole->pixels) == colors(upright->pixels), "the turned image has other pixels");
  for (const std::int64_t reduction : {1, 2, 8}) {
    check_part(*turned, upright->pixels, reduction);
  }
  return 0;
}
