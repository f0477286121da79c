#include "evaluation/float_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace lightly::evaluation {
namespace {

// Least number that numpy writes without an exponent, but for 0.
constexpr double kLeastPlain = 1e-4;

}  // namespace

void append_float(std::string& text, float value, double exponent_from) {
  if (std::isnan(value)) {
    text += "nan";
    return;
  }
  if (std::signbit(value)) {
    text += '-';
  }
  const float magnitude = std::abs(value);
  if (std::isinf(magnitude)) {
    text += "inf";
    return;
  }
  // d.dddddddde+dd: the shortest digits that give the same number again.
  std::array<char, 24> buffer{};
  char* const begin = buffer.data();
  char* const end =
      std::to_chars(begin, begin + buffer.size(), magnitude, std::chars_format::scientific).ptr;
  const bool plain = magnitude >= kLeastPlain && magnitude < exponent_from;
  if (!plain && magnitude != 0.0F) {
    text.append(begin, end);
    return;
  }
  char* const mark = std::find(begin, end, 'e');
  int exponent = 0;
  std::from_chars(mark + 2, end, exponent);
  // The digits in a row: the first goes where the point was.
  const bool one_digit = mark == begin + 1;
  if (!one_digit) {
    begin[1] = begin[0];
  }
  const std::string_view digits =
      one_digit ? std::string_view(begin, 1) : std::string_view(begin + 1, mark);
  if (mark[1] == '-') {
    text += "0.";
    text.append(static_cast<std::size_t>(exponent) - 1, '0');
    text += digits;
    return;
  }
  const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
  text += digits.substr(0, whole);
  if (digits.size() > whole) {
    text += '.';
    text += digits.substr(whole);
  } else {
    text.append(whole - digits.size(), '0');
    text += ".0";
  }
}

}  // namespace lightly::evaluation
