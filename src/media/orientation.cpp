#include "media/orientation.hpp"

#include <algorithm>
#include <utility>

namespace lightly::media {
namespace {

// Every pixel of 3 bytes goes to (y, x) of a dense h x w image from from + y * row + x * column.
void copy_turned(const std::uint8_t* from, std::int64_t row, std::int64_t column,
                 const ImageSize& size, std::uint8_t* into) {
  // Blocks, because with swapped axes either side is read or written across its rows.
  constexpr std::int64_t kBlock = 32;
  for (std::int64_t top = 0; top < size.height; top += kBlock) {
    const std::int64_t bottom = std::min(top + kBlock, size.height);
    for (std::int64_t left = 0; left < size.width; left += kBlock) {
      const std::int64_t right = std::min(left + kBlock, size.width);
      for (std::int64_t y = top; y < bottom; ++y) {
        const std::uint8_t* source = from + y * row + left * column;
        std::uint8_t* target = into + (y * size.width + left) * 3;
        for (std::int64_t x = left; x < right; ++x, source += column, target += 3) {
          target[0] = source[0];
          target[1] = source[1];
          target[2] = source[2];
        }
      }
    }
  }
}

}  // namespace

Orientation::Orientation(int number, const ImageSize& stored)
    : stored_(stored),
      swaps_axes_(number >= 5),
      flips_rows_(number == 3 || number == 4 || number == 6 || number == 7),
      flips_columns_(number == 2 || number == 3 || number == 7 || number == 8) {}

ImageSize Orientation::upright() const {
  return swaps_axes_ ? ImageSize{.width = stored_.height, .height = stored_.width} : stored_;
}

Region Orientation::stored(const Region& region) const {
  Region result = region;
  if (swaps_axes_) {
    std::swap(result.top, result.left);
    std::swap(result.height, result.width);
  }
  if (flips_rows_) {
    result.top = stored_.height - result.top - result.height;
  }
  if (flips_columns_) {
    result.left = stored_.width - result.left - result.width;
  }
  return result;
}

// The image of `size` at `from`.
void Orientation::turn(const std::uint8_t* from, std::int64_t row, const ImageSize& size,
                       std::uint8_t* into) const {
  std::int64_t column = 3;
  if (flips_rows_) {
    from += (size.height - 1) * row;
    row = -row;
  }
  if (flips_columns_) {
    from += (size.width - 1) * column;
    column = -column;
  }
  ImageSize turned = size;
  if (swaps_axes_) {
    std::swap(row, column);
    std::swap(turned.width, turned.height);
  }
  copy_turned(from, row, column, turned, into);
}

void Orientation::write_upright(const std::uint8_t* from, std::int64_t row,
                                std::uint8_t* into) const {
  if (swaps_axes_ || flips_rows_ || flips_columns_) {
    turn(from, row, stored_, into);
    return;
  }
  const std::int64_t dense = 3 * stored_.width;
  for (std::int64_t y = 0; y < stored_.height; ++y) {
    std::copy_n(from + y * row, dense, into + y * dense);
  }
}

ImagePart Orientation::upright(const ImagePart& part) const {
  const ImageSize size{.width = part.pixels.size(2), .height = part.pixels.size(1)};
  ImagePart result{.top = part.top, .left = part.left, .reduction = part.reduction};
  if (flips_rows_) {
    result.top = stored_.height - part.top - size.height * part.reduction;
  }
  if (flips_columns_) {
    result.left = stored_.width - part.left - size.width * part.reduction;
  }
  ImageSize turned = size;
  if (swaps_axes_) {
    std::swap(result.top, result.left);
    std::swap(turned.width, turned.height);
  }
  const at::Tensor pixels = empty_pixels(turned);
  turn(part.pixels.const_data_ptr<std::uint8_t>(), part.pixels.stride(1), size,
       pixels.mutable_data_ptr<std::uint8_t>());
  result.pixels = as_image(pixels);
  return result;
}

}  // namespace lightly::media
