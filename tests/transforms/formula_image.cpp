#include "transforms/formula_image.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <zlib.h>

namespace lightly::testing {
namespace {

at::Tensor channels_last_image(const transforms::Size& size) {
  return at::empty({size.height, size.width, 3}, at::kByte).permute({2, 0, 1});
}

}  // namespace

std::uint32_t mix(std::uint32_t v) {
  v ^= v >> 16;
  v *= 0x7FEB352DU;
  v ^= v >> 15;
  v *= 0x846CA68BU;
  return v ^ (v >> 16);
}

at::Tensor formula_image(std::uint32_t seed, const transforms::Size& size) {
  at::Tensor image = channels_last_image(size);
  auto* data = static_cast<std::uint8_t*>(image.mutable_data_ptr());
  for (std::int64_t y = 0; y < size.height; ++y) {
    for (std::int64_t x = 0; x < size.width; ++x) {
      for (std::int64_t c = 0; c < 3; ++c) {
        const std::int64_t place = (y * size.width + x) * 3 + c;
        const std::int64_t slope = 7 * y + 13 * x + 101 * c + x * y % 17 * 5 + seed;
        data[place] = seed % 2 != 0U
                          ? static_cast<std::uint8_t>(slope)
                          : static_cast<std::uint8_t>(
                                mix(static_cast<std::uint32_t>(place) + seed * 0x9E3779B9U) >> 24);
      }
    }
  }
  return image;
}

at::Tensor scene_image(std::uint32_t seed, const transforms::Size& size) {
  at::Tensor image = channels_last_image(size);
  auto* data = static_cast<std::uint8_t*>(image.mutable_data_ptr());
  const double phase = 2.4 * seed;
  for (std::int64_t row = 0; row < size.height; ++row) {
    for (std::int64_t column = 0; column < size.width; ++column) {
      const double y = (static_cast<double>(row) + 0.5) / static_cast<double>(size.height) - 0.5;
      const double x = (static_cast<double>(column) + 0.5) / static_cast<double>(size.width) - 0.5;
      const bool in_disc = std::hypot(x - 0.2 * std::cos(phase), y - 0.2 * std::sin(phase)) < 0.25;
      for (int c = 0; c < 3; ++c) {
        const double wave = std::sin(5.0 * x + phase + 1.3 * c) * std::cos(4.0 * y - phase * c) +
                            0.3 * std::sin(31.0 * x * y + 17.0 * y + c);
        const double level = 120.0 + 80.0 * wave + (in_disc ? 60.0 - 45.0 * c : 0.0);
        *data++ = static_cast<std::uint8_t>(std::clamp(level, 0.0, 255.0));
      }
    }
  }
  return image;
}

at::Tensor every_colour() {
  at::Tensor image = channels_last_image(4096);
  auto* data = static_cast<std::uint8_t*>(image.mutable_data_ptr());
  for (std::uint32_t colour = 0; colour < (1U << 24); ++colour) {
    *data++ = static_cast<std::uint8_t>(colour >> 16);
    *data++ = static_cast<std::uint8_t>(colour >> 8);
    *data++ = static_cast<std::uint8_t>(colour);
  }
  return image;
}

std::vector<at::Tensor> no_images() {
  std::vector<at::Tensor> tensors{
      at::Tensor(), at::empty({3, 4, 4}, at::TensorOptions(at::kMeta).dtype(at::kByte))};
  for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kChar, at::kBool, at::kLong}) {
    tensors.push_back(at::empty({3, 4, 4}, type));
  }
  const std::vector<std::vector<std::int64_t>> shapes{{},        {3},         {4, 4},    {1, 4, 4},
                                                      {4, 4, 3}, {4, 4, 4},   {0, 4, 4}, {3, 0, 4},
                                                      {3, 4, 0}, {1, 3, 4, 4}};
  for (const std::vector<std::int64_t>& shape : shapes) {
    tensors.push_back(at::empty(shape, at::kByte));
  }
  return tensors;
}

std::int64_t crc(const at::Tensor& image) {
  TORCH_CHECK(image.permute({1, 2, 0}).is_contiguous(), "crc: image must be channels-last, got ",
              image.sizes(), " with strides ", image.strides());
  const auto* data = static_cast<const Bytef*>(image.const_data_ptr());
  return static_cast<std::int64_t>(crc32_z(0, data, image.nbytes()));
}

}  // namespace lightly::testing
