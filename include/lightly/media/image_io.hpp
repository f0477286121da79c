#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/media/encoded_image.hpp"

namespace lightly::media {

/// Reads and decodes an image file, uint8 [3, H, W], RGB, channels-last: as
/// `read_encoded_image(path, options).decode()`, with its errors.
at::Tensor load_image(const std::filesystem::path& path, const EncodedImageOptions& options = {});

/// A PNG of an image (uint8 [3, H, W], any strides), of which EncodedImage gives the same pixels
/// back. Throws c10::ValueError for another tensor.
std::vector<std::uint8_t> encode_png(const at::Tensor& image);

/// Writes encode_png's file through core::AtomicFile. Throws what it throws, and c10::Error when
/// the file cannot be written.
void save_png(const std::filesystem::path& path, const at::Tensor& image);

struct JpegOptions {
  /// 1 (smallest file) to 100, as Pillow's `quality`.
  std::int64_t quality = 75;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// A baseline JPEG of an image (uint8 [3, H, W], any strides) with the settings of Pillow's
/// `save(path, quality=quality)`. Throws c10::ValueError for another tensor and for a side above
/// 65500 px.
std::vector<std::uint8_t> encode_jpeg(const at::Tensor& image, const JpegOptions& options = {});

/// Writes encode_jpeg's file through core::AtomicFile. Throws what it throws, and c10::Error when
/// the file cannot be written.
void save_jpeg(const std::filesystem::path& path, const at::Tensor& image,
               const JpegOptions& options = {});

struct ToImageOptions {
  /// Mean and standard deviation of red, green and blue that the view was normalised with;
  /// ImageNet's.
  std::array<double, 3> mean = {0.485, 0.456, 0.406};
  std::array<double, 3> std = {0.229, 0.224, 0.225};

  /// Throws c10::ValueError for a number that is not finite or a std that is not > 0.
  void check() const;
};

/// Makes a picture of a normalised view, floating point [3, h, w]: view * std + mean, from [0, 1]
/// to [0, 255], rounded and clipped; uint8 [3, h, w], channels-last, on the CPU. Throws
/// c10::ValueError for another tensor.
at::Tensor to_image(const at::Tensor& view, const ToImageOptions& options = {});

}  // namespace lightly::media
