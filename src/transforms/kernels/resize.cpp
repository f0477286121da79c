#include "transforms/kernels/resize.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

#include "transforms/kernels/geometry.hpp"
#include "transforms/kernels/scalar/resize.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "transforms/kernels/resize.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "transforms/kernels/resize_dots-inl.hpp"
#include "transforms/kernels/resize_words-inl.hpp"
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

// One output row from the rows that `table` names for it; row(k) is where row k of the source is.
template <typename Row>
void resize_column_row(std::int64_t y, const ResizeWeights& table, const ConstImage& source,
                       const Row& row, ResizeScratch& scratch, std::uint8_t* out) {
  const std::int64_t first = table.first[static_cast<std::size_t>(y)];
  const std::int64_t taps = 4 * table.dots.groups;  // more than there are have the weight 0
  scratch.pointers.resize(static_cast<std::size_t>(taps));
  for (std::int64_t k = 0; k < taps; ++k) {
    scratch.pointers[static_cast<std::size_t>(k)] = row(first + std::min(k, table.taps - 1));
  }
  const std::uint8_t* const* rows = scratch.pointers.data();
  const std::int32_t* words = table.words.data() + 2 * y * table.pairs;
  const std::int64_t bytes = 3 * source.width;
#if LIGHTLY_BYTE_DOTS
  if (table.dots.groups <= kMostDotGroups && core::kernels::has_byte_dots()) {
    return resize_column_by_dots(rows, bytes, y, table.dots, out);
  }
#endif
  switch (table.pairs) {
    case 1:
      return resize_column_bytes<1>(rows, bytes, 1, words, out);
    case 2:
      return resize_column_bytes<2>(rows, bytes, 2, words, out);
    default:
      return resize_column_bytes<0>(rows, bytes, table.pairs, words, out);
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
    std::int64_t loaded = 6 * ((table.pairs - 1) / 2 * 2) + 16;
#if LIGHTLY_BYTE_DOTS
    by_dots_ = core::kernels::has_byte_dots() && bytes_of_dots(table.dots) > 0;
    loaded = by_dots_ ? bytes_of_dots(table.dots) : loaded;
#endif
    overrun_ = std::max<std::int64_t>(loaded - 3 * table.taps, 0);
  }

  // How far behind the end of a row the last read may go.
  std::int64_t overrun() const { return overrun_; }

  void operator()(const std::uint8_t* const* in, std::uint8_t* const* out) const {
#if LIGHTLY_BYTE_DOTS
    if (by_dots_) {
      return resize_rows_by_dots(in, out, out_width_, table_.dots);
    }
#endif
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
#if LIGHTLY_BYTE_DOTS
  static_assert(kRows == kDotRows);
  bool by_dots_;
#endif
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
  if (3 * source.width < kVector) {
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
  if (3 * (rows_first ? target.width : source.width) < kVector) {
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
  } else if (style.hflip) {
    hflip(source, target);
  } else {
    copy(source, target);
  }
  if (style.hflip && !wide && high) {
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
  // Where the pixels of some columns come from, once for all rows.
  std::int64_t offsets[256];
  constexpr auto kColumns = static_cast<std::int64_t>(std::size(offsets));
  NearestInputs columns(source.width, target.width);
  for (std::int64_t left = 0; left < target.width; left += kColumns) {
    const std::int64_t count = std::min(kColumns, target.width - left);
    std::generate_n(offsets, count, [&] { return 3 * columns.next(); });
    NearestInputs rows(source.height, target.height);
    for (std::int64_t y = 0; y < target.height; ++y) {
      const std::uint8_t* row = source.row(rows.next());
      std::uint8_t* out = target.row(y) + 3 * left;
      for (std::int64_t x = 0; x < count; ++x) {
        copy_pixel(row + offsets[x], out + 3 * x);
      }
    }
  }
}

}  // namespace lightly::transforms::kernels

#endif  // HWY_ONCE
