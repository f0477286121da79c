#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

/// JPEGs of any kind, which encode_jpeg does not write.
namespace lightly::testing {

struct JpegKind {
  std::string name;
  /// 1 (grey), 3 (YCbCr) or 4 (YCCK).
  int components = 3;
  /// Sampling factors of the first component; the others have 1.
  int horizontal = 1;
  int vertical = 1;
  bool progressive = false;
  /// One scan for each component.
  bool scan_each = false;
  bool arithmetic = false;
  /// MCUs between two restart markers; 0: none.
  int restart_interval = 0;
};

/// Every layout that the decoder treats in its own way.
std::vector<JpegKind> every_jpeg_kind();

/// `pixels`: uint8 [H, W, components], contiguous.
std::vector<std::uint8_t> make_jpeg(const at::Tensor& pixels, const JpegKind& kind);

}  // namespace lightly::testing
