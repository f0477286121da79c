#pragma once

#include <cstdint>
#include <ostream>
#include <string_view>

namespace lightly::transforms {

/// Height and width of an image in pixels, from one number for a square or from `{height, width}`.
struct Size {
  std::int64_t height = 0;
  std::int64_t width = 0;

  constexpr Size() = default;
  explicit(false) constexpr Size(std::int64_t side) : height(side), width(side) {}
  constexpr Size(std::int64_t height_, std::int64_t width_) : height(height_), width(width_) {}

  bool operator==(const Size&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const Size& size);

/// A rectangle of pixels: rows [top, top + height), columns [left, left + width).
struct Box {
  std::int64_t top = 0;
  std::int64_t left = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;

  bool operator==(const Box&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const Box& box);

/// Whether the box is at least 1x1 px and inside an image of that size.
bool is_inside(const Box& box, const Size& image_size);

/// Throws c10::ValueError unless both sides are >= 1 px.
void check_size(std::string_view callee, std::string_view name, const Size& size);

}  // namespace lightly::transforms
