#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "media/image_bytes.hpp"

namespace lightly::media {

/// The size of the canvas. Throws c10::Error when the file is cut short or damaged.
ImageSize read_webp_size(Bytes bytes, const std::string& where);

/// The first frame on its canvas, black around it: uint8 [3, H, W], by libwebp. Throws c10::Error.
at::Tensor decode_webp(Bytes bytes, const std::string& where);

/// The content of the first chunk of that name ("EXIF", "XMP "); empty when there is none.
Bytes find_webp_chunk(Bytes bytes, const char* name);

}  // namespace lightly::media
