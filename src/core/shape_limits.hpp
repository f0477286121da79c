#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

/// What a shape read from a file is checked by before LibTorch sees it.
namespace lightly::core {

/// As many as torch.Tensor allows.
inline constexpr std::size_t kMostAxes = 64;

/// Multiplies `bytes` by the size of an axis; false when that is more than LibTorch can count. An
/// empty axis leaves `bytes` as it is: LibTorch multiplies the other sizes all the same.
inline bool multiply_by_axis(std::int64_t& bytes, std::uint64_t size) {
  return !__builtin_mul_overflow(bytes, std::max<std::uint64_t>(size, 1), &bytes);
}

}  // namespace lightly::core
