#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "media/image_bytes.hpp"

namespace lightly::media {

/// The size in the header. Throws c10::Error for a header of another kind than those of Windows and
/// OS/2.
ImageSize read_bmp_size(Bytes bytes, const std::string& where);

/// The whole image: uint8 [3, H, W]; 1, 4, 8, 16, 24 and 32 bits a pixel, RLE4 and RLE8. Throws
/// c10::Error.
at::Tensor decode_bmp(Bytes bytes, const std::string& where);

}  // namespace lightly::media
