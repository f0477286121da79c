#include "transforms/kernels/geometry.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "transforms/kernels/flip.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "transforms/kernels/simd-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lightly::transforms::kernels::HWY_NAMESPACE {
namespace {

// Pixels of the output that are done.
std::int64_t flip_blocks(const std::uint8_t* from, std::int64_t width, std::uint8_t* to) {
  std::int64_t x = 0;
#if LIGHTLY_SIMD
  // Five pixels in 16 bytes, loaded with the byte in front of them and stored with one too many,
  // which the next store replaces.
  HWY_ALIGN constexpr std::uint8_t kReversed[16] = {13, 14, 15, 10, 11, 12, 7, 8,
                                                    9,  4,  5,  6,  1,  2,  3, 0};
  const auto reversed = hn::Load(d8_block, kReversed);
  for (; x + 6 <= width; x += 5) {
    const auto pixels = hn::LoadU(d8_block, from + 3 * (width - 5 - x) - 1);
    hn::StoreU(hn::TableLookupBytes(pixels, reversed), d8_block, to + 3 * x);
  }
#else
  (void)from;
  (void)width;
  (void)to;
#endif
  return x;
}

void HFlip(const ConstImage& source, const Image& target) {
  for (std::int64_t y = 0; y < source.height; ++y) {
    const std::uint8_t* from = source.row(y);
    std::uint8_t* to = target.row(y);
    for (std::int64_t x = flip_blocks(from, source.width, to); x < source.width; ++x) {
      copy_pixel(from + 3 * (source.width - 1 - x), to + 3 * x);
    }
  }
}

}  // namespace
}  // namespace lightly::transforms::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lightly::transforms::kernels {
namespace {

HWY_EXPORT(HFlip);

}  // namespace

void hflip(const ConstImage& source, const Image& target) {
  HWY_DYNAMIC_DISPATCH(HFlip)(source, target);
}

}  // namespace lightly::transforms::kernels

#endif  // HWY_ONCE
