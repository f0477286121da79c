#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "lightly/media/encoded_image.hpp"
#include "media/image_bytes.hpp"

namespace lightly::media {

/// The size in the header of a portable bitmap, graymap or pixmap (P1 to P6). Throws c10::Error.
ImageSize read_pnm_size(Bytes bytes, const std::string& where);

/// The first image of the file: uint8 [3, H, W]; samples are scaled from [0, maxval] to [0, 255],
/// those of a graymap with a maxval above 255 to 16 bits first. Throws c10::Error.
at::Tensor decode_pnm(Bytes bytes, const std::string& where, SixteenBits sixteen_bits);

}  // namespace lightly::media
