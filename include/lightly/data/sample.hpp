#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"
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
  /// Where views shall show different images, such as nearby frames of a video: the image of view
  /// `view`, as `image` is, from a stream of its own (see kDrawImage). Called by any thread. Empty:
  /// every view shows `image` or `encoded`.
  std::function<at::Tensor(std::int64_t view, core::Random& random)> draw_image = {};

  /// Added to `view` in the key that `draw_image` draws from, so that what the view's transform
  /// draws does not hang on it.
  static constexpr std::uint64_t kDrawImage = std::uint64_t{1} << 63;

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
