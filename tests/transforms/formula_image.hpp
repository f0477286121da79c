#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/transforms/size.hpp"

namespace lightly::testing {

/// The image that tests/golden/transforms/golden_cases.py computes as `formula_image`: uint8
/// [3, H, W], channels-last; noise for even seeds, a pattern for odd ones.
at::Tensor formula_image(std::uint32_t seed, const transforms::Size& size);

/// uint8 [3, H, W], channels-last: coloured waves and a disc with a sharp edge, as smooth as a
/// photo and different for every seed.
at::Tensor scene_image(std::uint32_t seed, const transforms::Size& size);

/// 32 bits that look random, a different number for every v.
std::uint32_t mix(std::uint32_t v);

/// All 2^24 colours as uint8 [3, 4096, 4096], channels-last: blue fastest, red slowest.
at::Tensor every_colour();

/// What no operation takes for an image: of another type, shape or device, empty, or no tensor.
std::vector<at::Tensor> no_images();

/// CRC-32, as zlib's, of a channels-last image's bytes in H·W·3 order.
std::int64_t crc(const at::Tensor& image);

}  // namespace lightly::testing
