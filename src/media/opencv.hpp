#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <opencv2/core.hpp>

namespace lightly::media {

/// A cv::Mat (H x W, 8 bits, 3 channels) over the memory of a contiguous uint8 tensor [H, W, 3],
/// which must outlive it.
inline cv::Mat mat_over(const at::Tensor& pixels) {
  return {static_cast<int>(pixels.size(0)), static_cast<int>(pixels.size(1)), CV_8UC3,
          pixels.mutable_data_ptr<std::uint8_t>()};
}

}  // namespace lightly::media
