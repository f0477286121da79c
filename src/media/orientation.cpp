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

ImagePart Orientation::upright(const ImagePart& part) const {
  const std::int64_t height = part.pixels.size(1);
  const std::int64_t width = part.pixels.size(2);
  ImagePart result{.top = part.top, .left = part.left, .reduction = part.reduction};
  std::int64_t row = part.pixels.stride(1);
  std::int64_t column = 3;
  const auto* from = part.pixels.const_data_ptr<std::uint8_t>();
  if (flips_rows_) {
    result.top = stored_.height - part.top - height * part.reduction;
    from += (height - 1) * row;
    row = -row;
  }
  if (flips_columns_) {
    result.left = stored_.width - part.left - width * part.reduction;
    from += (width - 1) * column;
    column = -column;
  }
  ImageSize size{.width = width, .height = height};
  if (swaps_axes_) {
    std::swap(result.top, result.left);
    std::swap(row, column);
    std::swap(size.width, size.height);
  }
  const at::Tensor pixels = empty_pixels(size);
  copy_turned(from, row, column, size, pixels.mutable_data_ptr<std::uint8_t>());
  result.pixels = as_image(pixels);
  return result;
}

}  // namespace lightly::media
