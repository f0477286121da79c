#include "transforms/kernels/resize.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "transforms/kernels/geometry.hpp"
#include "transforms/kernels/scalar/resize.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "transforms/kernels/resize.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "transforms/kernels/simd-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lightly::transforms::kernels::HWY_NAMESPACE {
namespace {

// Through a whole image between the passes.
void resize_by_scalars(const ConstImage& source, const Image& target, ResizePass first,
                       const ResizeWeights& across, const ResizeWeights& down,
                       ResizeScratch& scratch) {
  const bool rows_first = first == ResizePass::kHorizontal;
  const std::int64_t height = rows_first ? source.height : target.height;
  const std::int64_t width = rows_first ? target.width : source.width;
  scratch.between.resize(static_cast<std::size_t>(3 * width * height));
  const Image between{scratch.between.data(), 3 * width, height, width};
  if (rows_first) {
    scalar::resize_rows(source, between, across);
    scalar::resize_columns(between, target, down);
  } else {
    scalar::resize_columns(source, between, down);
    scalar::resize_rows(between, target, across);
  }
}

#if LIGHTLY_SIMD

constexpr std::int64_t kLanes = kLanes8;
constexpr std::int32_t kHalf = 1 << 21;

// A sum of products with weights in units of 2^-22: their bits from 15 up, and those below.
struct Sum {
  Ints upper;
  Ints lower;

  HWY_INLINE void add(Words values, Words upper_weights, Words lower_weights) {
    upper = hn::Add(upper, multiply_pairs(values, upper_weights));
    lower = hn::Add(lower, multiply_pairs(values, lower_weights));
  }

  HWY_INLINE Ints rounded() const {
    return hn::ShiftRight<22>(hn::Add(hn::ShiftLeft<15>(upper), lower));
  }
};

HWY_INLINE Sum empty_sum() {
  return {hn::Zero(d32), hn::Set(d32, kHalf)};
}

HWY_INLINE Words broadcast(std::int32_t pair) {
  return hn::BitCast(d16, hn::Set(d32, pair));
}

// One output row: a vector of bytes at a time, pairs of rows of the source. kPairs = 0 stands for
// any number.
template <int kPairs>
HWY_INLINE void resize_column_bytes(const std::uint8_t* const* rows, std::int64_t bytes,
                                    std::int64_t any_pairs, const std::int32_t* words,
                                    std::uint8_t* out) {
  const std::int64_t pairs = kPairs > 0 ? kPairs : any_pairs;
  for (std::int64_t i = 0;;) {
    Sum a = empty_sum();
    Sum b = empty_sum();
    Sum c = empty_sum();
    Sum d = empty_sum();
    for (std::int64_t p = 0; p < pairs; ++p) {
      const Words upper = broadcast(words[2 * p]);
      const Words lower = broadcast(words[2 * p + 1]);
      const Bytes even = hn::LoadU(d8, rows[2 * p] + i);
      const Bytes odd = hn::LoadU(d8, rows[2 * p + 1] + i);
      const Bytes low = hn::InterleaveLower(d8, even, odd);
      const Bytes high = hn::InterleaveUpper(d8, even, odd);
      a.add(widen_lower(low), upper, lower);
      b.add(widen_upper(low), upper, lower);
      c.add(widen_lower(high), upper, lower);
      d.add(widen_upper(high), upper, lower);
    }
    hn::StoreU(pack(a.rounded(), b.rounded(), c.rounded(), d.rounded()), d8, out + i);
    if (i + kLanes == bytes) {
      return;
    }
    i = std::min(i + kLanes, bytes - kLanes);  // the last vector may begin inside the one before
  }
}

// One output row from the rows that `table` names for it; row(k) is where row k of the source is.
template <typename Row>
void resize_column_row(std::int64_t y, const ResizeWeights& table, const ConstImage& source,
                       const Row& row, ResizeScratch& scratch, std::uint8_t* out) {
  const std::int64_t first = table.first[static_cast<std::size_t>(y)];
  scratch.pointers.resize(static_cast<std::size_t>(2 * table.pairs));
  for (std::int64_t k = 0; k < 2 * table.pairs; ++k) {
    // A tap that makes an odd number even has the weight 0.
    scratch.pointers[static_cast<std::size_t>(k)] = row(first + std::min(k, table.taps - 1));
  }
  const std::uint8_t* const* rows = scratch.pointers.data();
  const std::int32_t* words = table.words.data() + 2 * y * table.pairs;
  const std::int64_t bytes = 3 * source.width;
  switch (table.pairs) {
    case 1:
      return resize_column_bytes<1>(rows, bytes, 1, words, out);
    case 2:
      return resize_column_bytes<2>(rows, bytes, 2, words, out);
    default:
      return resize_column_bytes<0>(rows, bytes, table.pairs, words, out);
  }
}

// 16 bytes of each of as many rows as a vector has blocks.
HWY_INLINE Bytes load_rows(const std::uint8_t* const* rows, std::int64_t offset) {
  const auto block = [&](std::size_t r) HWY_ATTR { return hn::LoadU(d8_block, rows[r] + offset); };
#if HWY_TARGET == HWY_AVX2
  return hn::Combine(d8, block(1), block(0));
#else
  constexpr hn::Half<decltype(d8)> d8_half;
  return hn::Combine(d8, hn::Combine(d8_half, block(3), block(2)),
                     hn::Combine(d8_half, block(1), block(0)));
#endif
}

HWY_INLINE void store_rows(Bytes v, std::uint8_t* const* rows, std::int64_t offset) {
  constexpr hn::Half<decltype(d8)> d8_half;
  const auto low = hn::LowerHalf(d8_half, v);
  const auto high = hn::UpperHalf(d8_half, v);
#if HWY_TARGET == HWY_AVX2
  hn::StoreU(low, d8_block, rows[0] + offset);
  hn::StoreU(high, d8_block, rows[1] + offset);
#else
  hn::StoreU(hn::LowerHalf(d8_block, low), d8_block, rows[0] + offset);
  hn::StoreU(hn::UpperHalf(d8_block, low), d8_block, rows[1] + offset);
  hn::StoreU(hn::LowerHalf(d8_block, high), d8_block, rows[2] + offset);
  hn::StoreU(hn::UpperHalf(d8_block, high), d8_block, rows[3] + offset);
#endif
}

constexpr std::uint8_t kZ = 0x80;
// Of four pixels of a block the first two, the last two, as pairs of words red, green, blue.
HWY_ALIGN constexpr std::uint8_t kFirstPixels[16] = {0, kZ, 3, kZ, 1,  kZ, 4,  kZ,
                                                     2, kZ, 5, kZ, kZ, kZ, kZ, kZ};
HWY_ALIGN constexpr std::uint8_t kLastPixels[16] = {6, kZ, 9,  kZ, 7,  kZ, 10, kZ,
                                                    8, kZ, 11, kZ, kZ, kZ, kZ, kZ};
// Four pixels of four bytes without their fourth bytes.
HWY_ALIGN constexpr std::uint8_t kDense[16] = {0,  1,  2,  4,  5,  6,  8,  9,
                                               10, 12, 13, 14, kZ, kZ, kZ, kZ};

// One pixel of as many rows as a vector has blocks: red, green, blue and 0 in each block.
template <int kPairs>
HWY_INLINE Ints resize_pixel(const std::uint8_t* const* rows, std::int64_t first,
                             std::int64_t any_pairs, const std::int32_t* words) {
  const std::int64_t pairs = kPairs > 0 ? kPairs : any_pairs;
  const Bytes first_pixels = hn::LoadDup128(d8, kFirstPixels);
  const Bytes last_pixels = hn::LoadDup128(d8, kLastPixels);
  Sum sum = empty_sum();
  const auto add = [&](Bytes pixels, Bytes chosen, std::int64_t p) HWY_ATTR {
    sum.add(hn::BitCast(d16, hn::TableLookupBytesOr0(pixels, chosen)), broadcast(words[2 * p]),
            broadcast(words[2 * p + 1]));
  };
  for (std::int64_t p = 0; p < pairs; p += 2) {
    const Bytes pixels = load_rows(rows, 3 * first + 6 * p);
    add(pixels, first_pixels, p);
    if (p + 1 < pairs) {
      add(pixels, last_pixels, p + 1);
    }
  }
  return sum.rounded();
}

// Writes up to 16 bytes behind the last whole four pixels of the rows `out`.
template <int kPairs>
HWY_INLINE void resize_row_pixels(const std::uint8_t* const* in, std::uint8_t* const* out,
                                  std::int64_t width, const ResizeWeights& table) {
  const std::int64_t step = 2 * table.pairs;
  const Bytes dense = hn::LoadDup128(d8, kDense);
  const std::int64_t* first = table.first.data();
  const std::int32_t* words = table.words.data();
  const auto pixel = [&](std::int64_t x) HWY_ATTR {
    return resize_pixel<kPairs>(in, first[x], table.pairs, words + x * step);
  };
  std::int64_t x = 0;
  for (; x + 4 <= width; x += 4) {
    const Bytes pixels = pack(pixel(x), pixel(x + 1), pixel(x + 2), pixel(x + 3));
    store_rows(hn::TableLookupBytesOr0(pixels, dense), out, 3 * x);
  }
  for (; x < width; ++x) {
    const Ints one = pixel(x);
    store_rows(hn::TableLookupBytesOr0(pack(one, one, one, one), dense), out, 3 * x);
  }
}

constexpr std::int64_t kSlack = 16;  // what a row's last store may write past its end
constexpr auto kRows = static_cast<std::int64_t>(kBlocks);  // that are resized side by side

// Rows of bytes with room for kSlack more.
struct Lines {
  std::uint8_t* data;
  std::int64_t stride;

  std::uint8_t* operator[](std::int64_t i) const { return data + i * stride; }
};

// Resizes rows, as many as a vector has blocks at a time.
class RowPass {
 public:
  RowPass(std::int64_t in_width, std::int64_t out_width, const ResizeWeights& table)
      : table_(table), in_bytes_(3 * in_width), out_width_(out_width) {
    const std::int64_t last_read =
        3 * (in_width - table.taps) + 6 * ((table.pairs - 1) / 2 * 2) + 16;
    overrun_ = std::max<std::int64_t>(last_read - in_bytes_, 0);
  }

  // How far behind the end of a row the last read may go.
  std::int64_t overrun() const { return overrun_; }

  void operator()(const std::uint8_t* const* in, std::uint8_t* const* out) const {
    switch (table_.pairs) {
      case 1:
        return resize_row_pixels<1>(in, out, out_width_, table_);
      case 2:
        return resize_row_pixels<2>(in, out, out_width_, table_);
      case 3:
        return resize_row_pixels<3>(in, out, out_width_, table_);
      default:
        return resize_row_pixels<0>(in, out, out_width_, table_);
    }
  }

  // Rows [y, y + kRows) of the source, its last one again where there is none; a row whose reads
  // would end outside the image is copied.
  void resize_rows(const ConstImage& source, std::int64_t y, const Lines& copies,
                   std::uint8_t* const* out) const {
    const std::uint8_t* in[kRows];
    for (std::int64_t r = 0; r < kRows; ++r) {
      const std::int64_t row = std::min(y + r, source.height - 1);
      in[r] = source.row(row);
      if ((source.height - 1 - row) * source.row_bytes < overrun_) {
        std::memcpy(copies[r], in[r], static_cast<std::size_t>(in_bytes_));
        in[r] = copies[r];
      }
    }
    (*this)(in, out);
  }

 private:
  const ResizeWeights& table_;
  std::int64_t in_bytes_;
  std::int64_t out_width_;
  std::int64_t overrun_;
};

Lines take_lines(std::int64_t bytes, std::int64_t count, std::vector<std::uint8_t>& memory) {
  const std::int64_t stride = bytes + kSlack;
  memory.resize(static_cast<std::size_t>(stride * count));
  return {memory.data(), stride};
}

void store_lines(const Lines& lines, std::int64_t y, const Image& target) {
  for (std::int64_t r = 0; r < kRows && y + r < target.height; ++r) {
    std::memcpy(target.row(y + r), lines[r], static_cast<std::size_t>(3 * target.width));
  }
}

void resize_rows(const ConstImage& source, const Image& target, const ResizeWeights& across,
                 ResizeScratch& scratch) {
  const RowPass pass(source.width, target.width, across);
  const Lines copies = take_lines(3 * source.width + pass.overrun(), kRows, scratch.copies);
  const Lines made = take_lines(3 * target.width, kRows, scratch.lines);
  std::uint8_t* out[kRows];
  for (std::int64_t r = 0; r < kRows; ++r) {
    out[r] = made[r];
  }
  for (std::int64_t y = 0; y < source.height; y += kRows) {
    pass.resize_rows(source, y, copies, out);
    store_lines(made, y, target);
  }
}

void resize_columns(const ConstImage& source, const Image& target, const ResizeWeights& down,
                    ResizeScratch& scratch) {
  if (3 * source.width < kLanes) {
    scalar::resize_columns(source, target, down);
    return;
  }
  const auto row = [&](std::int64_t k) { return source.row(k); };
  for (std::int64_t y = 0; y < target.height; ++y) {
    resize_column_row(y, down, source, row, scratch, target.row(y));
  }
}

// Every row is resized once, shortly before the columns need it, and kept in a window.
void resize_rows_then_columns(const ConstImage& source, const Image& target,
                              const ResizeWeights& across, const ResizeWeights& down,
                              ResizeScratch& scratch) {
  const RowPass pass(source.width, target.width, across);
  const Lines copies = take_lines(3 * source.width + pass.overrun(), kRows, scratch.copies);
  const auto window = static_cast<std::int64_t>(
      std::bit_ceil(static_cast<std::uint64_t>(down.taps + kRows - 1)));  // a remainder is a mask
  const Lines made = take_lines(3 * target.width, window, scratch.lines);
  const auto row = [&](std::int64_t k) -> const std::uint8_t* { return made[k & (window - 1)]; };
  const ConstImage between{made.data, made.stride, source.height, target.width};
  std::int64_t done = 0;
  for (std::int64_t y = 0; y < target.height; ++y) {
    const std::int64_t end = down.first[static_cast<std::size_t>(y)] + down.taps;
    for (; done < end; done += kRows) {
      std::uint8_t* out[kRows];
      for (std::int64_t r = 0; r < kRows; ++r) {
        out[r] = made[(done + r) & (window - 1)];
      }
      pass.resize_rows(source, done, copies, out);
    }
    resize_column_row(y, down, between, row, scratch, target.row(y));
  }
}

void resize_columns_then_rows(const ConstImage& source, const Image& target,
                              const ResizeWeights& across, const ResizeWeights& down,
                              ResizeScratch& scratch) {
  const RowPass pass(source.width, target.width, across);
  const Lines between = take_lines(3 * source.width + pass.overrun(), kRows, scratch.copies);
  const Lines made = take_lines(3 * target.width, kRows, scratch.lines);
  const auto row = [&](std::int64_t k) { return source.row(k); };
  const std::uint8_t* in[kRows];
  std::uint8_t* out[kRows];
  for (std::int64_t r = 0; r < kRows; ++r) {
    in[r] = between[r];
    out[r] = made[r];
  }
  for (std::int64_t y = 0; y < target.height; y += kRows) {
    for (std::int64_t r = 0; r < kRows && y + r < target.height; ++r) {
      resize_column_row(y + r, down, source, row, scratch, between[r]);
    }
    pass(in, out);
    store_lines(made, y, target);
  }
}

void resize_both(const ConstImage& source, const Image& target, ResizePass first,
                 const ResizeWeights& across, const ResizeWeights& down, ResizeScratch& scratch) {
  const bool rows_first = first == ResizePass::kHorizontal;
  if (3 * (rows_first ? target.width : source.width) < kLanes) {
    resize_by_scalars(source, target, first, across, down, scratch);
  } else if (rows_first) {
    resize_rows_then_columns(source, target, across, down, scratch);
  } else {
    resize_columns_then_rows(source, target, across, down, scratch);
  }
}

#else

void resize_rows(const ConstImage& source, const Image& target, const ResizeWeights& across,
                 ResizeScratch&) {
  scalar::resize_rows(source, target, across);
}

void resize_columns(const ConstImage& source, const Image& target, const ResizeWeights& down,
                    ResizeScratch&) {
  scalar::resize_columns(source, target, down);
}

void resize_both(const ConstImage& source, const Image& target, ResizePass first,
                 const ResizeWeights& across, const ResizeWeights& down, ResizeScratch& scratch) {
  resize_by_scalars(source, target, first, across, down, scratch);
}

#endif  // LIGHTLY_SIMD

void Resize(const ConstImage& source, const Image& target, const ResizeStyle& style,
            ResizeScratch& scratch) {
  const bool wide = source.width != target.width;
  const bool high = source.height != target.height;
  const ResizeAxis across{source.width, target.width, style.filter, style.hflip};
  const ResizeAxis down{source.height, target.height, style.filter, false};
  if (wide && high) {
    resize_both(source, target, style.first, scratch.across.get(across), scratch.down.get(down),
                scratch);
  } else if (wide) {
    resize_rows(source, target, scratch.across.get(across), scratch);
  } else if (high) {
    resize_columns(source, target, scratch.down.get(down), scratch);
  } else {
    copy(source, target);
  }
  if (style.hflip && !wide) {
    hflip_in_place(target);
  }
}

}  // namespace
}  // namespace lightly::transforms::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lightly::transforms::kernels {
namespace {

HWY_EXPORT(Resize);

}  // namespace

void resize(const ConstImage& source, const Image& target, const ResizeStyle& style,
            ResizeScratch& scratch) {
  const Image upside_down{target.row(target.height - 1), -target.row_bytes, target.height,
                          target.width};
  HWY_DYNAMIC_DISPATCH(Resize)(source, style.vflip ? upside_down : target, style, scratch);
}

void resize_nearest(const ConstImage& source, const Image& target) {
  for_each_nearest(source.height, target.height, [&](std::int64_t y, std::int64_t from_y) {
    const std::uint8_t* row = source.row(from_y);
    std::uint8_t* out = target.row(y);
    for_each_nearest(source.width, target.width, [&](std::int64_t x, std::int64_t from_x) {
      std::memcpy(out + 3 * x, row + 3 * from_x, 3);
    });
  });
}

}  // namespace lightly::transforms::kernels

#endif  // HWY_ONCE
