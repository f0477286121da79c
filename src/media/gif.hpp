#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "media/image_bytes.hpp"

namespace lightly::media {

/// The size of the first frame's canvas: the screen, made larger where the frame reaches beyond it.
/// Throws c10::Error when there is no frame.
ImageSize read_gif_size(Bytes bytes, const std::string& where);

/// The first frame on its canvas: uint8 [3, H, W]. Around it is the transparent colour, or the
/// first colour of the palette when there is none. Throws c10::Error.
at::Tensor decode_gif(Bytes bytes, const std::string& where);

}  // namespace lightly::media
