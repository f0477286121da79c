#include "media/gif.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace lightly::media {
namespace {

constexpr std::size_t kGifCodeBits = 12;
constexpr std::size_t kGifTableSize = std::size_t{1} << kGifCodeBits;

class GifReader {
 public:
  GifReader(Bytes bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  std::uint8_t byte() { return take(1)[0]; }

  std::int64_t size() {
    const Bytes two = take(2);
    return two[0] + 256 * two[1];
  }

  Bytes take(std::size_t count) {
    if (count > bytes_.size() - at_) {
      throw_cut_short(where_);
    }
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }

  // The data of the next sub-block; empty at the end of the chain.
  Bytes block() { return take(byte()); }

  const std::string& where() const { return where_; }

 private:
  Bytes bytes_;
  const std::string& where_;
  std::size_t at_ = 0;
};

// What comes before the first frame's codes (GIF89a specification, 17 to 23).
struct GifFrame {
  ImageSize canvas;
  std::int64_t left = 0;
  std::int64_t top = 0;
  ImageSize size;
  bool interlaced = false;
  // An index of the palette, with which the canvas is filled.
  std::uint8_t background = 0;
  Palette palette = {};
};

// With no palette an index is a grey.
Palette grey_ramp() {
  Palette palette;
  for (std::size_t i = 0; i < palette.size(); ++i) {
    palette[i].fill(static_cast<std::uint8_t>(i));
  }
  return palette;
}

Palette read_gif_palette(GifReader& reader, std::uint8_t flags) {
  const std::size_t colors = std::size_t{2} << (flags & 7);
  const Bytes bytes = reader.take(3 * colors);
  Palette palette = {};
  for (std::size_t i = 0; i < colors; ++i) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, palette[i].begin());
  }
  return palette;
}

void read_gif_extension(GifReader& reader, GifFrame& frame) {
  constexpr std::uint8_t kGraphicControl = 0xF9;
  const bool controls = reader.byte() == kGraphicControl;
  Bytes block = reader.block();
  if (controls && block.size() >= 4 && (block[0] & 1) != 0) {
    frame.background = block[3];  // the transparent index
  }
  while (!block.empty()) {
    block = reader.block();
  }
}

GifFrame read_gif_frame(GifReader& reader) {
  constexpr std::uint8_t kHasPalette = 0x80;
  constexpr std::uint8_t kInterlaced = 0x40;
  GifFrame frame;
  reader.take(6);
  frame.canvas = {.width = reader.size(), .height = reader.size()};
  const std::uint8_t screen_flags = reader.byte();
  reader.take(2);
  frame.palette =
      (screen_flags & kHasPalette) != 0 ? read_gif_palette(reader, screen_flags) : grey_ramp();
  for (;;) {
    const std::uint8_t kind = reader.byte();
    TORCH_CHECK(kind != ';', reader.where(), ": it has no frame");
    if (kind == '!') {
      read_gif_extension(reader, frame);
    }
    if (kind == ',') {
      break;  // other bytes between blocks are passed over
    }
  }
  frame.left = reader.size();
  frame.top = reader.size();
  frame.size = {.width = reader.size(), .height = reader.size()};
  const std::uint8_t flags = reader.byte();
  TORCH_CHECK(frame.size.width > 0 && frame.size.height > 0, reader.where(),
              ": its first frame is empty");
  frame.interlaced = (flags & kInterlaced) != 0;
  if ((flags & kHasPalette) != 0) {
    frame.palette = read_gif_palette(reader, flags);
  }
  frame.canvas.width = std::max(frame.canvas.width, frame.left + frame.size.width);
  frame.canvas.height = std::max(frame.canvas.height, frame.top + frame.size.height);
  return frame;
}

// GifCodes of a growing number of bits, the lowest first, from a chain of sub-blocks.
class GifCodes {
 public:
  explicit GifCodes(GifReader& reader) : reader_(reader) {}

  std::size_t next(std::size_t code_bits) {
    while (bit_count_ < code_bits) {
      if (block_.empty()) {
        block_ = reader_.block();
        TORCH_CHECK(!block_.empty(), reader_.where(), ": its frame is cut short");
      }
      bits_ |= std::uint32_t{block_[0]} << bit_count_;
      bit_count_ += 8;
      block_ = block_.subspan(1);
    }
    const std::size_t code = bits_ & ((std::uint32_t{1} << code_bits) - 1);
    bits_ >>= code_bits;
    bit_count_ -= code_bits;
    return code;
  }

 private:
  GifReader& reader_;
  Bytes block_;
  std::uint32_t bits_ = 0;
  std::size_t bit_count_ = 0;
};

// Appendix F: each code from `first_free` on is another one's string and one more index.
class GifTable {
 public:
  explicit GifTable(std::size_t clear) : clear_(clear), next_(clear + 2) {}

  std::size_t next() const { return next_; }
  void forget() { next_ = clear_ + 2; }

  void add(std::size_t prefix, std::uint8_t last) {
    if (next_ < kGifTableSize) {
      entries_[next_++] = {.prefix = static_cast<std::uint16_t>(prefix), .last = last};
    }
  }

  // Writes the string of `code`, a known one, to the end of `buffer` and returns where it begins.
  std::size_t expand(std::size_t code, std::array<std::uint8_t, kGifTableSize + 1>& buffer,
                     std::size_t end) const {
    while (code >= clear_) {
      buffer[--end] = entries_[code].last;
      code = entries_[code].prefix;
    }
    buffer[--end] = static_cast<std::uint8_t>(code);
    return end;
  }

 private:
  struct Entry {
    std::uint16_t prefix = 0;
    std::uint8_t last = 0;
  };
  std::size_t clear_;
  std::size_t next_;
  std::array<Entry, kGifTableSize> entries_ = {};
};

// The indices of a frame, row by row as they are stored.
std::vector<std::uint8_t> read_gif_indices(GifReader& reader, std::size_t count) {
  const std::size_t first_bits = reader.byte();
  TORCH_CHECK(first_bits >= 1 && first_bits < kGifCodeBits, reader.where(),
              ": its codes begin with ", first_bits, " bits");
  const std::size_t clear = std::size_t{1} << first_bits;
  GifCodes codes(reader);
  GifTable table(clear);
  std::array<std::uint8_t, kGifTableSize + 1> buffer;
  std::vector<std::uint8_t> indices;
  std::size_t code_bits = first_bits + 1;
  std::size_t previous = clear;  // none
  while (indices.size() < count) {
    const std::size_t code = codes.next(code_bits);
    if (code == clear) {
      table.forget();
      code_bits = first_bits + 1;
      previous = clear;
      continue;
    }
    TORCH_CHECK(code != clear + 1, reader.where(), ": its frame ends early");
    const bool is_new = code == table.next();  // the previous string and its own first index
    TORCH_CHECK(previous == clear ? code < clear
                                  : (code < table.next() || (is_new && code < kGifTableSize)),
                reader.where(), ": its frame is damaged");
    std::size_t begin = table.expand(is_new ? previous : code, buffer, buffer.size() - 1);
    std::size_t end = buffer.size() - 1;
    if (is_new) {
      buffer[end++] = buffer[begin];
    }
    if (previous != clear) {
      table.add(previous, buffer[begin]);
      if (table.next() == (std::size_t{1} << code_bits) && code_bits < kGifCodeBits) {
        ++code_bits;
      }
    }
    previous = code;
    end = std::min(end, begin + (count - indices.size()));
    indices.insert(indices.end(), buffer.begin() + static_cast<std::ptrdiff_t>(begin),
                   buffer.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return indices;
}

// Where the rows go, in the order they are stored.
std::vector<std::int64_t> gif_row_order(std::int64_t height, bool interlaced) {
  struct Pass {
    std::int64_t first;
    std::int64_t step;
  };
  const std::vector<Pass> passes =
      interlaced ? std::vector<Pass>{{0, 8}, {4, 8}, {2, 4}, {1, 2}} : std::vector<Pass>{{0, 1}};
  std::vector<std::int64_t> order;
  for (const Pass& pass : passes) {
    for (std::int64_t y = pass.first; y < height; y += pass.step) {
      order.push_back(y);
    }
  }
  return order;
}

}  // namespace

ImageSize read_gif_size(Bytes bytes, const std::string& where) {
  GifReader reader(bytes, where);
  return read_gif_frame(reader).canvas;
}

at::Tensor decode_gif(Bytes bytes, const std::string& where) {
  GifReader reader(bytes, where);
  const GifFrame frame = read_gif_frame(reader);
  const std::vector<std::uint8_t> indices =
      read_gif_indices(reader, static_cast<std::size_t>(frame.size.width * frame.size.height));
  const at::Tensor pixels = empty_pixels(frame.canvas);
  auto* into = pixels.mutable_data_ptr<std::uint8_t>();
  if (frame.size.width < frame.canvas.width || frame.size.height < frame.canvas.height) {
    const std::vector<std::uint8_t> background(static_cast<std::size_t>(frame.canvas.width),
                                               frame.background);
    for (std::int64_t y = 0; y < frame.canvas.height; ++y) {
      write_colors(frame.palette, background.data(), frame.canvas.width,
                   into + y * frame.canvas.width * 3);
    }
  }
  const std::uint8_t* row = indices.data();
  for (const std::int64_t y : gif_row_order(frame.size.height, frame.interlaced)) {
    write_colors(frame.palette, row, frame.size.width,
                 into + ((frame.top + y) * frame.canvas.width + frame.left) * 3);
    row += frame.size.width;
  }
  return as_image(pixels);
}

}  // namespace lightly::media
