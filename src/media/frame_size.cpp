#include "media/frame_size.hpp"

#include <algorithm>

#include <c10/util/Exception.h>

namespace lightly::media {

ImageSize with_shorter_side(const ImageSize& size, std::int64_t side) {
  const std::int64_t shorter = std::max<std::int64_t>(std::min(size.width, size.height), 1);
  const auto scaled = [&](std::int64_t length) {
    return std::max<std::int64_t>(length * side / shorter, 1);
  };
  return {.width = scaled(size.width), .height = scaled(size.height)};
}

std::optional<ImageSize> resized_frames(const VideoReaderOptions& options,
                                        const VideoIndex& index) {
  if (options.height.has_value() && options.width.has_value()) {
    return ImageSize{.width = *options.width, .height = *options.height};
  }
  if (!options.shorter_side.has_value()) {
    return std::nullopt;
  }
  const ImageSize size =
      with_shorter_side({.width = index.width, .height = index.height}, *options.shorter_side);
  TORCH_CHECK_VALUE(std::max(size.width, size.height) <= kMaxFrameSidePx,
                    "VideoReader: shorter_side makes frames of ", size.width, " x ", size.height,
                    " (width x height), but a side has at most ", kMaxFrameSidePx, " pixels");
  return size;
}

}  // namespace lightly::media
