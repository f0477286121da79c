#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "lightly/media/encoded_image.hpp"
#include "media/image_bytes.hpp"

namespace lightly::media {

/// The size in the header. Throws c10::Error when there is none.
ImageSize read_png_size(Bytes bytes, const std::string& where);

/// The whole image, by libpng, with every checksum checked: uint8 [3, H, W]. Throws c10::Error.
at::Tensor decode_png(Bytes bytes, const std::string& where, SixteenBits sixteen_bits);

}  // namespace lightly::media
