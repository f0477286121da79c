#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "media/ffmpeg.hpp"
#include "media/image_bytes.hpp"

namespace lightly::media {

/// Decoded pictures to RGB by swscale as torchcodec 0.17 does it: bicubic where the colours have a
/// grid of their own, without SWS_ACCURATE_RND, with the picture's own matrix and range.
class FrameConverter {
 public:
  /// Pictures of a size, resized (bilinear) to `resized` when it has a value, then turned clockwise
  /// by `rotation` degrees, a multiple of 90.
  FrameConverter(const ImageSize& source, std::optional<ImageSize> resized, std::int64_t rotation);

  /// Of what convert writes.
  const ImageSize& size() const { return size_; }

  /// Writes a dense [H, W, 3]. Throws c10::Error, whose text `where` opens, for a picture of
  /// another size than `source` unless it is resized, and for a format that swscale does not read.
  void convert(const AVFrame& picture, const std::string& where, std::uint8_t* pixels);

 private:
  void prepare(const AVFrame& picture, const std::string& where);

  /// What swscale's context was made for.
  struct Kind {
    int width = 0;
    int height = 0;
    int format = AV_PIX_FMT_NONE;
    int space = 0;
    int range = 0;

    bool operator==(const Kind&) const = default;
  };

  ImageSize source_;
  bool is_resized_;
  ImageSize scaled_;
  ImageSize size_;
  int orientation_ = 1;
  Kind kind_;
  ScalerPtr scaler_;
  std::vector<std::uint8_t> rows_;
};

}  // namespace lightly::media
