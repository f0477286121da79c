#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include "lightly/media/encoded_image.hpp"
#include "support/matchers.hpp"

namespace lightly::testing {

/// The bytes of a file that golden data hold as uint8 [n].
inline std::string bytes_of(const at::Tensor& file) {
  return {reinterpret_cast<const char*>(file.const_data_ptr<std::uint8_t>()),
          static_cast<std::size_t>(file.numel())};
}

/// The image in `bytes`, of the name "x.img".
inline media::EncodedImage encoded(const std::string& bytes,
                                   const media::EncodedImageOptions& options = {}) {
  return {std::make_shared<const std::vector<std::uint8_t>>(bytes.begin(), bytes.end()), "x.img",
          options};
}

/// The file that golden data made by make_formats.py hold under that name.
inline std::string golden_image(const std::string& name) {
  return bytes_of(load_golden("media/formats_pillow_13.0.0.safetensors").at(name + ".file"));
}

/// As long as it lives nothing may be written to the standard error stream, as codecs like to.
class NothingPrinted {
 public:
  NothingPrinted() { ::testing::internal::CaptureStderr(); }
  ~NothingPrinted() { EXPECT_EQ(::testing::internal::GetCapturedStderr(), ""); }
  NothingPrinted(const NothingPrinted&) = delete;
  NothingPrinted& operator=(const NothingPrinted&) = delete;
};

}  // namespace lightly::testing
