#pragma once

namespace lightly::data {

/// How encoded images become views.
enum class Decode {
  /// The pixels of decoding the whole image; of a JPEG only the region that the views show is
  /// decoded.
  kExact,
  /// A JPEG whose crops are all at least twice the size of their views is decoded at a half, a
  /// quarter or an eighth of its size, which is faster and not exact: pixels differ by the DCT's
  /// filter, crops by less than a pixel of the smaller image.
  kFast,
};

}  // namespace lightly::data
