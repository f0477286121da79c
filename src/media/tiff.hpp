#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "lightly/media/encoded_image.hpp"
#include "media/image_bytes.hpp"

namespace lightly::media {

/// The size of the first page, after its orientation. Throws c10::Error when it has none.
ImageSize read_tiff_size(Bytes bytes, const std::string& where);

/// The first page, by libtiff, turned by its orientation: uint8 [3, H, W], channels-last. Alpha is
/// dropped, and taken out of colours that were multiplied by it. Throws c10::Error, with libtiff's
/// reason where it has one; nothing is written to the standard error stream.
at::Tensor decode_tiff(Bytes bytes, const std::string& where, SixteenBits sixteen_bits);

}  // namespace lightly::media
