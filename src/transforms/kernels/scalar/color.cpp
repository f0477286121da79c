#include "transforms/kernels/scalar/color.hpp"

#include <algorithm>
#include <array>

namespace lightly::transforms::kernels::scalar {
namespace {

constexpr std::int64_t kBlock = 64;  // pixels whose intermediate values stay in the first cache

// Calls `body(from, to, pixels)` for pieces of at most kBlock pixels that lie in one row.
template <typename Body>
void for_each_block(const ConstImage& source, const Image& target, Body body) {
  const std::ptrdiff_t packed = 3 * source.width;
  const bool flat = source.row_bytes == packed && target.row_bytes == packed;
  const std::int64_t rows = flat ? 1 : source.height;
  const std::int64_t width = flat ? source.height * source.width : source.width;
  for (std::int64_t y = 0; y < rows; ++y) {
    for (std::int64_t x = 0; x < width; x += kBlock) {
      body(source.row(y) + 3 * x, target.row(y) + 3 * x, std::min(kBlock, width - x));
    }
  }
}

float blend(float level, float value, float factor) {
  return std::min(std::max(level + factor * (value - level), 0.0F), 255.0F);
}

// Pillow's HSV -> RGB by hue: the sector of 60 degrees and the fraction within.
struct HueTable {
  std::array<std::uint8_t, 256> sector{};
  std::array<float, 256> fraction{};
};

constexpr HueTable make_hue_table() {
  HueTable table;
  for (std::size_t h = 0; h < 256; ++h) {
    const double position = static_cast<double>(h) * 6.0 / 255.0;
    const int sector = static_cast<int>(position);
    table.sector[h] = static_cast<std::uint8_t>(sector % 6);
    table.fraction[h] = static_cast<float>(position - sector);
  }
  return table;
}

constexpr std::array<float, 256> make_unit_table() {
  std::array<float, 256> table{};
  for (std::size_t s = 0; s < 256; ++s) {
    table[s] = static_cast<float>(static_cast<double>(s) / 255.0);
  }
  return table;
}

constexpr HueTable kHues = make_hue_table();
constexpr std::array<float, 256> kUnits = make_unit_table();

// Where the red, green and blue of each sector are in a word that holds v, p, q, t from the low
// byte up.
constexpr int kV = 0;
constexpr int kP = 8;
constexpr int kQ = 16;
constexpr int kT = 24;
constexpr std::array<std::array<std::uint8_t, 3>, 6> kSectors{
    {{kV, kT, kP}, {kQ, kV, kP}, {kP, kV, kT}, {kP, kQ, kV}, {kT, kP, kV}, {kV, kP, kQ}}};

struct HsvBlock {
  std::int32_t hue[kBlock];
  std::int32_t saturation[kBlock];
  std::int32_t value[kBlock];
};

// In the precisions of Pillow's rgb2hsv, without its branches. With the channels in order, its hue
// in sixths of a turn is k + q or k - q for one of six k, q = (max - middle) / (max - min). Grey
// gets some hue, which its saturation of 0 makes irrelevant.
void to_hsv(const std::int32_t* r, const std::int32_t* g, const std::int32_t* b, HsvBlock& hsv) {
  float sixths[kBlock];
  for (std::int64_t i = 0; i < kBlock; ++i) {
    const std::int32_t most = std::max(std::max(r[i], g[i]), b[i]);
    const std::int32_t least = std::min(std::min(r[i], g[i]), b[i]);
    const std::int32_t middle = r[i] + g[i] + b[i] - most - least;
    const std::int32_t range = most - least;
    const std::int32_t red_least = r[i] == least ? 2 : 0;
    const std::int32_t blue_least = b[i] == least ? 2 : 0;
    const std::int32_t k_if_green = g[i] == most ? 3 - blue_least : 5 - red_least;
    const std::int32_t sign_if_green = g[i] == most ? blue_least - 1 : red_least - 1;
    const std::int32_t k = r[i] == most ? blue_least - 1 : k_if_green;
    const std::int32_t sign = r[i] == most ? 1 - blue_least : sign_if_green;
    const float q =
        static_cast<float>((most - middle) * sign) / static_cast<float>(std::max(range, 1));
    sixths[i] = static_cast<float>(k) + q;
    hsv.saturation[i] = static_cast<std::int32_t>(static_cast<float>(range * 255) /
                                                  static_cast<float>(std::max(most, 1)));
    hsv.value[i] = most;
  }
  for (std::int64_t i = 0; i < kBlock; ++i) {
    const double turn = static_cast<double>(sixths[i]) / 6.0 + 1.0;
    const auto fraction = static_cast<float>(turn - static_cast<std::int32_t>(turn));
    hsv.hue[i] = static_cast<std::int32_t>(static_cast<double>(fraction) * 255.0);
  }
}

// v, p, q and t of Pillow's hsv2rgb in one word.
void pack_levels(const HsvBlock& hsv, const float* saturation, const float* fraction,
                 std::uint32_t* levels) {
  for (std::int64_t i = 0; i < kBlock; ++i) {
    const double v = hsv.value[i];
    const double s = saturation[i];
    const double f = fraction[i];
    const double sf = saturation[i] * fraction[i];  // rounded to float32, as Pillow does
    const auto p = static_cast<std::int32_t>(v * (1.0 - s) + 0.5);
    const auto q = static_cast<std::int32_t>(v * (1.0 - sf) + 0.5);
    const auto t = static_cast<std::int32_t>(v * (1.0 - s * (1.0 - f)) + 0.5);
    levels[i] = static_cast<std::uint32_t>(hsv.value[i] | (p << kP) | (q << kQ)) |
                (static_cast<std::uint32_t>(t) << kT);
  }
}

}  // namespace

void blend_with_level(const ConstImage& source, const Image& target, const LevelBlend& parameters) {
  std::uint8_t table[256];
  for (int i = 0; i < 256; ++i) {
    table[i] = static_cast<std::uint8_t>(static_cast<int>(
        blend(static_cast<float>(parameters.level), static_cast<float>(i), parameters.factor)));
  }
  for_each_block(source, target,
                 [&](const std::uint8_t* from, std::uint8_t* to, std::int64_t pixels) {
                   for (std::int64_t i = 0; i < 3 * pixels; ++i) {
                     to[i] = table[from[i]];
                   }
                 });
}

void blend_with_luma(const ConstImage& source, const Image& target, float factor) {
  for_each_block(
      source, target, [&](const std::uint8_t* from, std::uint8_t* to, std::int64_t pixels) {
        std::uint8_t gray[3 * kBlock];
        for (std::int64_t i = 0; i < 3 * pixels; i += 3) {
          const auto level = static_cast<std::uint8_t>(luma(from[i], from[i + 1], from[i + 2]));
          gray[i] = level;
          gray[i + 1] = level;
          gray[i + 2] = level;
        }
        for (std::int64_t i = 0; i < 3 * pixels; ++i) {
          to[i] = static_cast<std::uint8_t>(static_cast<int>(blend(gray[i], from[i], factor)));
        }
      });
}

std::uint64_t sum_luma(const ConstImage& source) {
  std::uint64_t sum = 0;
  for (std::int64_t y = 0; y < source.height; ++y) {
    const std::uint8_t* row = source.row(y);
    for (std::int64_t x = 0; x < source.width; ++x) {
      sum += luma(row[3 * x], row[3 * x + 1], row[3 * x + 2]);
    }
  }
  return sum;
}

void solarize(const ConstImage& source, const Image& target, int threshold) {
  for_each_block(source, target,
                 [&](const std::uint8_t* from, std::uint8_t* to, std::int64_t pixels) {
                   for (std::int64_t i = 0; i < 3 * pixels; ++i) {
                     const int v = from[i];
                     to[i] = static_cast<std::uint8_t>(v < threshold ? v : 255 - v);
                   }
                 });
}

void grayscale(const ConstImage& source, const Image& target) {
  for_each_block(
      source, target, [&](const std::uint8_t* from, std::uint8_t* to, std::int64_t pixels) {
        for (std::int64_t i = 0; i < 3 * pixels; i += 3) {
          const auto level = static_cast<std::uint8_t>(luma(from[i], from[i + 1], from[i + 2]));
          to[i] = level;
          to[i + 1] = level;
          to[i + 2] = level;
        }
      });
}

void shift_hue(const ConstImage& source, const Image& target, int shift) {
  // Whole blocks are computed in every case, so that the loops have a fixed length.
  std::int32_t r[kBlock] = {};
  std::int32_t g[kBlock] = {};
  std::int32_t b[kBlock] = {};
  HsvBlock hsv;
  float saturation[kBlock];
  float fraction[kBlock];
  std::uint8_t sector[kBlock];
  std::uint32_t levels[kBlock];
  for_each_block(source, target,
                 [&](const std::uint8_t* from, std::uint8_t* to, std::int64_t pixels) {
                   for (std::int64_t i = 0; i < pixels; ++i) {
                     r[i] = from[3 * i];
                     g[i] = from[3 * i + 1];
                     b[i] = from[3 * i + 2];
                   }
                   to_hsv(r, g, b, hsv);
                   for (std::int64_t i = 0; i < kBlock; ++i) {
                     const auto hue = static_cast<std::size_t>((hsv.hue[i] + shift) & 255);
                     sector[i] = kHues.sector[hue];
                     fraction[i] = kHues.fraction[hue];
                     saturation[i] = kUnits[static_cast<std::size_t>(hsv.saturation[i])];
                   }
                   pack_levels(hsv, saturation, fraction, levels);
                   for (std::int64_t i = 0; i < pixels; ++i) {
                     const auto& places = kSectors[sector[i]];
                     to[3 * i] = static_cast<std::uint8_t>(levels[i] >> places[0]);
                     to[3 * i + 1] = static_cast<std::uint8_t>(levels[i] >> places[1]);
                     to[3 * i + 2] = static_cast<std::uint8_t>(levels[i] >> places[2]);
                   }
                 });
}

}  // namespace lightly::transforms::kernels::scalar
