#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace lightly::transforms::kernels {

enum class ResizeFilter { kBilinear, kBicubic };

/// One direction of a resize.
struct ResizeAxis {
  std::int64_t in = 0;
  std::int64_t out = 0;
  ResizeFilter filter = ResizeFilter::kBilinear;
  /// Mirror the outputs.
  bool mirrored = false;

  bool operator==(const ResizeAxis&) const = default;
};

/// The weights of a pass for dot products of four bytes: three signed digits of base 256 a weight.
struct ResizeDots {
  std::int64_t groups = 0;  // of four taps
  /// Three times the first input of each output position, the last one again behind the end.
  std::vector<std::int32_t> starts;
  /// For each group, then digit (the lowest first), `stride` times four digits in 32 bits.
  std::int64_t stride = 0;
  std::vector<std::int32_t> digits;
  /// How many bytes of a row of pixels six neighbouring output pixels read.
  std::int64_t span = 0;
};

/// What one output position of a pass reads: the same number of neighbouring inputs everywhere.
struct ResizeWeights {
  std::int64_t taps = 0;
  /// The first input of each output position; at the far border the window moves inwards, with
  /// weights 0 in front.
  std::vector<std::int64_t> first;
  /// `taps` weights for each output position, in units of 2^-22, rounded as Pillow rounds them.
  std::vector<std::int32_t> weights;
  /// The weights as pairs of neighbouring taps for multiplications of words: for each output
  /// position and pair their bits from 15 up, then their bits below 15, each pair in 32 bits.
  std::int64_t pairs = 0;
  std::vector<std::int32_t> words;
  ResizeDots dots;
};

/// Fills `table`, whose memory is used again.
void build_weights(const ResizeAxis& axis, ResizeWeights& table);

/// The inputs that the output positions of a nearest-neighbour resize show, one after the other.
class NearestInputs {
 public:
  NearestInputs(std::int64_t in, std::int64_t out)
      : last_(in - 1),
        step_(static_cast<double>(in) / static_cast<double>(out)),
        position_(step_ * 0.5) {}

  std::int64_t next() {
    const auto input = static_cast<std::int64_t>(position_);
    // Pillow adds the step up instead of multiplying; the sums decide at the borders of pixels.
    position_ += step_;
    return std::min(input, last_);
  }

 private:
  std::int64_t last_;
  double step_;
  double position_;
};

/// The tables that were built last: 64 up to 64 px, 16 at 224 px, about 250 kB of them.
class ResizeWeightsCache {
 public:
  /// Valid until the next call.
  const ResizeWeights& get(const ResizeAxis& axis);

 private:
  struct Entry {
    ResizeAxis axis;
    ResizeWeights weights;
  };
  static constexpr std::size_t kEntries = 64;
  std::vector<Entry> entries_ = std::vector<Entry>(kEntries);
};

}  // namespace lightly::transforms::kernels
