#pragma once

#include <array>

namespace lightly::transforms {

/// Mean and standard deviation of each colour channel (R, G, B), for pixels scaled to [0, 1].
///
/// The default changes nothing: a float image is then the pixels divided by 255.
struct Normalization {
  std::array<double, 3> mean{0.0, 0.0, 0.0};
  /// Each > 0, rounded to float32 too.
  std::array<double, 3> std{1.0, 1.0, 1.0};

  bool operator==(const Normalization&) const = default;

  /// Throws c10::ValueError for a mean that is not finite or a std that is not finite and > 0, as
  /// the float32 numbers that are used.
  void check() const;
};

/// The statistics of ImageNet: lightly's `imagenet_normalize`.
inline constexpr Normalization imagenet_normalize{.mean = {0.485, 0.456, 0.406},
                                                  .std = {0.229, 0.224, 0.225}};

}  // namespace lightly::transforms
