#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/media/encoded_image.hpp"

namespace lightly::data {

/// One element of a data set.
struct Sample {
  /// uint8 [3, H, W], RGB, in channels-last memory (H·W·3); not defined where `encoded` holds it.
  at::Tensor image = {};
  /// The class index, from 0.
  std::int64_t target = 0;
  /// Name of the sample, unique in its data set.
  std::string file_name = {};
  /// Position in the data set, from 0. With the seed, the epoch and the view it says what is drawn
  /// for this sample: samples of the same index get the same random views.
  std::int64_t index = 0;
  /// The image as its file holds it, so that only what the views need is decoded.
  std::optional<media::EncodedImage> encoded = std::nullopt;

  /// The image's pixels, decoded if need be: uint8 [3, H, W], RGB, channels-last. Throws c10::Error
  /// with the file's name for damaged data.
  at::Tensor pixels() const { return encoded ? encoded->decode() : image; }
};

/// What a collate function makes of B samples: lightly's `(views, targets, file names)`.
struct Batch {
  /// One tensor a view, float32 (or uint8, DataLoaderOptions::dtype) [B, 3, h, w], channels-last.
  std::vector<at::Tensor> views = {};
  /// int64 [B].
  at::Tensor targets = {};
  std::vector<std::string> file_names = {};
  std::vector<std::int64_t> indices = {};
};

}  // namespace lightly::data
