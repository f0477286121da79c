#include "transforms/kernels/tone.hpp"

#include <algorithm>
#include <numeric>

namespace lightly::transforms::kernels {
namespace {

using Channel = std::array<std::uint8_t, 256>;
using Counts = std::array<std::int64_t, 256>;

Channel unchanged() {
  Channel table{};
  std::iota(table.begin(), table.end(), std::uint8_t{0});
  return table;
}

bool occurs(std::int64_t count) {
  return count > 0;
}

Channel equalized(const Counts& counts) {
  // A histogram of an image is never empty. The last value that occurs does not count.
  const std::int64_t last = *std::find_if(counts.rbegin(), counts.rend(), occurs);
  const std::int64_t step =
      (std::accumulate(counts.begin(), counts.end(), std::int64_t{0}) - last) / 255;
  if (step == 0) {
    return unchanged();
  }
  Channel table{};
  std::int64_t below = step / 2;
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = static_cast<std::uint8_t>(std::min<std::int64_t>(below / step, 255));
    below += counts[i];
  }
  return table;
}

Channel stretched(const Counts& counts) {
  const auto least = std::find_if(counts.begin(), counts.end(), occurs) - counts.begin();
  const auto most = 255 - (std::find_if(counts.rbegin(), counts.rend(), occurs) - counts.rbegin());
  if (most <= least) {
    return unchanged();
  }
  const double scale = 255.0 / static_cast<double>(most - least);
  const double offset = static_cast<double>(-least) * scale;
  Channel table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double value = static_cast<double>(i) * scale + offset;
    table[i] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
  }
  return table;
}

// A loop that the compiler turns into vectors.
template <typename Change>
void for_each_byte(const ConstImage& source, const Image& target, Change change) {
  for (std::int64_t y = 0; y < source.height; ++y) {
    const std::uint8_t* from = source.row(y);
    std::uint8_t* to = target.row(y);
    for (std::int64_t i = 0; i < 3 * source.width; ++i) {
      to[i] = static_cast<std::uint8_t>(change(from[i]));
    }
  }
}

}  // namespace

void look_up(const ConstImage& source, const ByteTable& table, const Image& target) {
  const auto& [red, green, blue] = table;
  for (std::int64_t y = 0; y < source.height; ++y) {
    const std::uint8_t* from = source.row(y);
    std::uint8_t* to = target.row(y);
    for (std::int64_t i = 0; i < 3 * source.width; i += 3) {
      to[i] = red[from[i]];
      to[i + 1] = green[from[i + 1]];
      to[i + 2] = blue[from[i + 2]];
    }
  }
}

Histogram histogram(const ConstImage& source) {
  Histogram counts{};
  auto& [red, green, blue] = counts;
  for (std::int64_t y = 0; y < source.height; ++y) {
    const std::uint8_t* row = source.row(y);
    for (std::int64_t i = 0; i < 3 * source.width; i += 3) {
      ++red[row[i]];
      ++green[row[i + 1]];
      ++blue[row[i + 2]];
    }
  }
  return counts;
}

void posterize(const ConstImage& source, std::int64_t bits, const Image& target) {
  const auto kept = static_cast<std::uint8_t>(0xFF00 >> bits);
  for_each_byte(source, target, [=](std::uint8_t value) { return value & kept; });
}

void invert(const ConstImage& source, const Image& target) {
  for_each_byte(source, target, [](std::uint8_t value) { return ~value; });
}

ByteTable equalize_table(const Histogram& histogram) {
  return {equalized(histogram[0]), equalized(histogram[1]), equalized(histogram[2])};
}

ByteTable autocontrast_table(const Histogram& histogram) {
  return {stretched(histogram[0]), stretched(histogram[1]), stretched(histogram[2])};
}

}  // namespace lightly::transforms::kernels
