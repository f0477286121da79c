#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "media/image_bytes.hpp"

namespace lightly::media::bitstream {

/// Bits from the highest of the first byte on; beyond the end they are 0 and is_past_end() holds.
class BitReader {
 public:
  explicit BitReader(Bytes bytes) : bytes_(bytes) {}

  std::uint32_t bit() {
    const std::size_t byte = at_ / 8;
    const std::size_t shift = 7 - at_ % 8;
    ++at_;
    return byte < bytes_.size() ? (bytes_[byte] >> shift) & 1U : 0;
  }

  /// `count` bits, at most 32.
  std::uint32_t bits(int count) {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i) {
      value = (value << 1) | bit();
    }
    return value;
  }

  void skip(std::size_t count) { at_ += count; }

  /// An unsigned Exp-Golomb number; all ones when it has more than 32 bits.
  std::uint32_t golomb() {
    int zeros = 0;
    while (zeros < 32 && !is_past_end() && bit() == 0) {
      ++zeros;
    }
    return zeros < 32 ? (1U << zeros) - 1 + bits(zeros) : UINT32_MAX;
  }

  /// A signed one.
  std::int64_t signed_golomb() {
    const std::int64_t value = golomb();
    return value % 2 != 0 ? (value + 1) / 2 : -(value / 2);
  }

  bool is_past_end() const { return at_ > 8 * bytes_.size(); }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

/// The first bytes of a NAL unit without the bytes that keep start codes out of it.
class NalHead {
 public:
  explicit NalHead(Bytes nal) {
    int zeros = 0;
    for (std::size_t i = 0; i < nal.size() && size_ < bytes_.size(); ++i) {
      if (zeros >= 2 && nal[i] == 3) {
        zeros = 0;
        continue;
      }
      zeros = nal[i] == 0 ? zeros + 1 : 0;
      bytes_[size_++] = nal[i];
    }
  }

  Bytes bytes() const { return {bytes_.data(), size_}; }

 private:
  // A sequence parameter set with all its scaling lists, but for its last fields, is shorter.
  std::array<std::uint8_t, 1024> bytes_;
  std::size_t size_ = 0;
};

/// Where the three bytes 0 0 1 are from `at` on, or the end.
inline std::size_t find_start_code(Bytes bytes, std::size_t at) {
  while (at + 2 < bytes.size()) {
    if (bytes[at + 2] > 1) {
      at += 3;
    } else if (bytes[at] == 0 && bytes[at + 1] == 0 && bytes[at + 2] == 1) {
      return at;
    } else {
      ++at;
    }
  }
  return bytes.size();
}

/// Calls `visit(nal)` for the NAL units in `bytes`: behind a length of `length_bytes`, or between
/// start codes when that is 0. Returns false when a length does not fit.
template <typename Visit>
bool for_each_nal(Bytes bytes, std::size_t length_bytes, Visit&& visit) {
  if (length_bytes == 0) {
    std::size_t at = find_start_code(bytes, 0);
    while (at < bytes.size()) {
      const std::size_t begin = at + 3;
      at = find_start_code(bytes, begin);
      if (at > begin) {
        visit(bytes.subspan(begin, at - begin));
      }
    }
    return true;
  }
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (bytes.size() - at < length_bytes) {
      return false;
    }
    const std::size_t size = big_endian(bytes, at, length_bytes);
    at += length_bytes;
    if (size > bytes.size() - at) {
      return false;
    }
    if (size > 0) {
      visit(bytes.subspan(at, size));
    }
    at += size;
  }
  return true;
}

}  // namespace lightly::media::bitstream
