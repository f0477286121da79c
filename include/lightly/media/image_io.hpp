#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

#include <ATen/core/Tensor.h>

namespace lightly::media {

struct LoadImageOptions {
  /// Largest width times height that is decoded, >= 1. PNG, JPEG and BMP are refused by their
  /// header, before memory is taken; other formats are held to 2^30 pixels until they are decoded.
  std::int64_t max_pixels = std::int64_t{1} << 28;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// Reads an image file: uint8 [3, H, W], RGB, in channels-last memory.
///
/// PNG, JPEG, BMP, and what OpenCV's imgcodecs was built with (WebP, TIFF, PNM). Grey becomes RGB,
/// alpha is dropped, an EXIF orientation is ignored, as in Pillow's
/// `Image.open(path).convert("RGB")`; of 16 bits the upper 8 are kept. Throws c10::Error with the
/// file and the reason when it cannot be read, is empty, cut short, damaged, of no known format or
/// too large. (For a damaged file the codecs may also write a line to the standard error stream;
/// OpenCV has no switch for it.)
at::Tensor load_image(const std::filesystem::path& path, const LoadImageOptions& options = {});

/// Writes an image (uint8 [3, H, W], any strides) as PNG through core::AtomicFile; load_image gives
/// the same pixels back. Throws c10::ValueError for another tensor and c10::Error when the file
/// cannot be written.
void save_png(const std::filesystem::path& path, const at::Tensor& image);

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
