#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "lightly/media/encoded_image.hpp"
#include "media/image_bytes.hpp"

namespace lightly::media {

/// The size of the first page, after its orientation. Throws c10::Error when it has none.
ImageSize read_tiff_size(Bytes bytes, const std::string& where);

/// The first page, by OpenCV and libtiff, turned by its orientation: uint8 [3, H, W]. Throws
/// c10::Error.
at::Tensor decode_tiff(Bytes bytes, const std::string& where, SixteenBits sixteen_bits);

}  // namespace lightly::media
