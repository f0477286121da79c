#pragma once

#include <array>

#include "transforms/kernels/image.hpp"

namespace lightly::transforms::kernels {

/// The new byte of every byte, one table a channel.
using ByteTable = std::array<std::array<std::uint8_t, 256>, 3>;

/// Looks up every byte; both images have the same size.
void look_up(const ConstImage& source, const ByteTable& table, const Image& target);

/// How often each byte occurs, channel by channel.
using Histogram = std::array<std::array<std::int64_t, 256>, 3>;

Histogram histogram(const ConstImage& source);

/// Pillow's ImageOps.posterize, for `bits` in [1, 8]; both images have the same size.
void posterize(const ConstImage& source, std::int64_t bits, const Image& target);

/// Pillow's ImageOps.invert; both images have the same size.
void invert(const ConstImage& source, const Image& target);

/// Pillow's ImageOps.equalize.
ByteTable equalize_table(const Histogram& histogram);

/// Pillow's ImageOps.autocontrast without cut-off.
ByteTable autocontrast_table(const Histogram& histogram);

}  // namespace lightly::transforms::kernels
