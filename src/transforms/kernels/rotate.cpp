#include "transforms/kernels/rotate.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <numbers>

#include "transforms/kernels/geometry.hpp"

namespace lightly::transforms::kernels {
namespace {

// The point (x, y) of the target comes from (cos x + sin y + left, -sin x + cos y + top) of the
// source.
struct Turn {
  double cos;
  double sin;
  double left;
  double top;
};

// As Python's round(value, 15), for |value| <= 1.
double rounded(double value) {
  char text[32];
  const char* end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 15).ptr;
  std::from_chars(text, end, value);
  return value;
}

// Image.rotate() of Pillow, operation by operation.
Turn turn_by(double degrees, std::int64_t height, std::int64_t width) {
  double angle = std::fmod(degrees, 360.0);
  if (angle < 0.0) {
    angle += 360.0;
  }
  const double radians = -(angle * (std::numbers::pi / 180.0));
  const double cos = rounded(std::cos(radians));
  const double sin = rounded(std::sin(radians));
  const double x = static_cast<double>(width) / 2.0;
  const double y = static_cast<double>(height) / 2.0;
  return {cos, sin, cos * -x + sin * -y + x, -sin * -x + cos * -y + y};
}

// Pillow's numbers with 16 bits after the point.
constexpr int kBits = 16;

std::int64_t fixed(double value) {
  return static_cast<std::int64_t>(std::floor(value * (1 << kBits) + 0.5));
}

// ceil(n / d) for d > 0.
std::int64_t ceil_divide(std::int64_t n, std::int64_t d) {
  return n > 0 ? (n + d - 1) / d : n / d;
}

// Pixels [begin, end) of a row.
struct Columns {
  std::int64_t begin;
  std::int64_t end;

  // What lies in both; it is empty, but inside this one, when nothing does.
  Columns with(const Columns& other) const {
    const std::int64_t first = std::clamp(other.begin, begin, end);
    return {first, std::clamp(other.end, first, end)};
  }
};

// The x in [0, width) for which `first + x * step` is in [0, limit).
Columns columns_inside(std::int64_t first, std::int64_t step, std::int64_t limit,
                       std::int64_t width) {
  const Columns all{0, width};
  if (step > 0) {
    return all.with({ceil_divide(-first, step), ceil_divide(limit - first, step)});
  }
  if (step < 0) {
    return all.with({ceil_divide(first - limit + 1, -step), ceil_divide(first + 1, -step)});
  }
  return first >= 0 && first < limit ? all : Columns{0, 0};
}

void clear(std::uint8_t* row, std::int64_t begin, std::int64_t end) {
  std::memset(row + 3 * begin, 0, static_cast<std::size_t>(3 * (end - begin)));
}

FixedTurn fixed(const Turn& turn) {
  return {.left = fixed(turn.left + turn.cos * 0.5 + turn.sin * 0.5),
          .top = fixed(turn.top + -turn.sin * 0.5 + turn.cos * 0.5),
          .cos = fixed(turn.cos),
          .sin = fixed(turn.sin),
          .minus_sin = fixed(-turn.sin)};
}

void rotate_fixed(const ConstImage& source, const Image& target, const FixedTurn& turn) {
  const auto [left, top, cos, sin, minus_sin] = turn;
  for (std::int64_t y = 0; y < target.height; ++y) {
    std::int64_t column = left + y * sin;
    std::int64_t row = top + y * cos;
    const Columns inside =
        columns_inside(column, cos, source.width << kBits, target.width)
            .with(columns_inside(row, minus_sin, source.height << kBits, target.width));
    std::uint8_t* to = target.row(y);
    clear(to, 0, inside.begin);
    column += inside.begin * cos;
    row += inside.begin * minus_sin;
    for (std::int64_t x = inside.begin; x < inside.end; ++x) {
      copy_pixel(source.row(row >> kBits) + 3 * (column >> kBits), to + 3 * x);
      column += cos;
      row += minus_sin;
    }
    clear(to, inside.end, target.width);
  }
}

// What Pillow does where its fixed point would overflow. The sums are its own, with their rounding.
void rotate_double(const ConstImage& source, const Image& target, const Turn& turn) {
  double left = turn.left + turn.sin * 0.5 + turn.cos * 0.5;
  double top = turn.top + turn.cos * 0.5 + -turn.sin * 0.5;
  for (std::int64_t y = 0; y < target.height; ++y) {
    double column = left;
    double row = top;
    std::uint8_t* to = target.row(y);
    clear(to, 0, target.width);
    for (std::int64_t x = 0; x < target.width; ++x) {
      if (column >= 0.0 && column < static_cast<double>(source.width) && row >= 0.0 &&
          row < static_cast<double>(source.height)) {
        copy_pixel(
            source.row(static_cast<std::int64_t>(row)) + 3 * static_cast<std::int64_t>(column),
            to + 3 * x);
      }
      column += turn.cos;
      row -= turn.sin;
    }
    left += turn.sin;
    top += turn.cos;
  }
}

bool fits_fixed(const Turn& turn, std::int64_t height, std::int64_t width) {
  constexpr double kLimit = 32768.0;
  for (const std::int64_t y : {std::int64_t{0}, height}) {
    for (const std::int64_t x : {std::int64_t{0}, width}) {
      const auto right = static_cast<double>(x);
      const auto down = static_cast<double>(y);
      if (std::abs(right * turn.cos + down * turn.sin + turn.left) >= kLimit ||
          std::abs(right * -turn.sin + down * turn.cos + turn.top) >= kLimit) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

FixedTurn fixed_turn(double degrees, std::int64_t height, std::int64_t width) {
  return fixed(turn_by(degrees, height, width));
}

void rotate(const ConstImage& source, const Image& target, double degrees) {
  const Turn turn = turn_by(degrees, source.height, source.width);
  if (turn.sin == 0.0 && turn.cos > 0.0) {
    copy(source, target);
  } else if (turn.sin == 0.0) {
    // Mirrored left and right, from the last row upwards.
    hflip({source.row(source.height - 1), -source.row_bytes, source.height, source.width}, target);
  } else if (turn.cos == 0.0 && turn.sin < 0.0) {
    rotate90(source, target);
  } else if (fits_fixed(turn, source.height, source.width)) {
    rotate_fixed(source, target, fixed(turn));
  } else {
    rotate_double(source, target, turn);
  }
}

}  // namespace lightly::transforms::kernels
