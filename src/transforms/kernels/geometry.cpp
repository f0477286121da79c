#include "transforms/kernels/geometry.hpp"

#include <algorithm>
#include <cstring>

namespace lightly::transforms::kernels {
namespace {

constexpr std::int64_t kTile = 16;  // rows that stay in the first cache while they are turned

// floor(n / 2), for negative n too.
std::int64_t half(std::int64_t n) {
  return n >> 1;
}

}  // namespace

void interleave(const StridedImage& source, const Image& target) {
  for (std::int64_t y = 0; y < target.height; ++y) {
    const std::uint8_t* from = source.data + y * source.y_stride;
    std::uint8_t* to = target.row(y);
    for (std::int64_t x = 0; x < target.width; ++x) {
      to[3 * x] = from[x * source.x_stride];
      to[3 * x + 1] = from[x * source.x_stride + source.c_stride];
      to[3 * x + 2] = from[x * source.x_stride + 2 * source.c_stride];
    }
  }
}

void copy(const ConstImage& source, const Image& target) {
  for (std::int64_t y = 0; y < source.height; ++y) {
    std::memcpy(target.row(y), source.row(y), static_cast<std::size_t>(3 * source.width));
  }
}

void vflip(const ConstImage& source, const Image& target) {
  for (std::int64_t y = 0; y < source.height; ++y) {
    std::memcpy(target.row(source.height - 1 - y), source.row(y),
                static_cast<std::size_t>(3 * source.width));
  }
}

void hflip_in_place(const Image& image) {
  for (std::int64_t y = 0; y < image.height; ++y) {
    std::uint8_t* left = image.row(y);
    std::uint8_t* right = left + 3 * (image.width - 1);
    for (; left < right; left += 3, right -= 3) {
      std::swap_ranges(left, left + 3, right);
    }
  }
}

void vflip_in_place(const Image& image) {
  for (std::int64_t top = 0, bottom = image.height - 1; top < bottom; ++top, --bottom) {
    std::swap_ranges(image.row(top), image.row(top) + 3 * image.width, image.row(bottom));
  }
}

void rotate90(const ConstImage& source, const Image& target) {
  const std::int64_t height = source.height;
  const std::int64_t width = source.width;
  // The centre (x + 1/2, y + 1/2) of a target pixel lies in column floor((W + H - 1 - 2y) / 2) and
  // row floor((H - W + 1 + 2x) / 2) of the source.
  const std::int64_t row_of_first = half(height - width + 1);
  const std::int64_t begin = std::clamp<std::int64_t>(-row_of_first, 0, width);
  const std::int64_t end = std::clamp<std::int64_t>(height - row_of_first, begin, width);
  const auto column = [&](std::int64_t y) { return half(width + height - 1 - 2 * y); };
  const auto has_pixels = [&](std::int64_t y) { return column(y) >= 0 && column(y) < width; };
  for (std::int64_t y = 0; y < height; ++y) {
    const std::int64_t left = has_pixels(y) ? begin : width;
    const std::int64_t right = has_pixels(y) ? end : width;
    std::memset(target.row(y), 0, static_cast<std::size_t>(3 * left));
    std::memset(target.row(y) + 3 * right, 0, static_cast<std::size_t>(3 * (width - right)));
  }
  for (std::int64_t first = begin; first < end; first += kTile) {
    const std::int64_t last = std::min(first + kTile, end);
    for (std::int64_t y = 0; y < height; ++y) {
      if (!has_pixels(y)) {
        continue;
      }
      const std::uint8_t* from = source.row(row_of_first + first) + 3 * column(y);
      std::uint8_t* to = target.row(y) + 3 * first;
      for (std::int64_t x = first; x < last; ++x, from += source.row_bytes, to += 3) {
        copy_pixel(from, to);
      }
    }
  }
}

void transpose(const ConstImage& source, const Image& target) {
  for (std::int64_t top = 0; top < source.height; top += kTile) {
    const std::int64_t bottom = std::min(top + kTile, source.height);
    for (std::int64_t x = 0; x < source.width; ++x) {
      std::uint8_t* to = target.row(x);
      for (std::int64_t y = top; y < bottom; ++y) {
        copy_pixel(source.row(y) + 3 * x, to + 3 * y);
      }
    }
  }
}

}  // namespace lightly::transforms::kernels
