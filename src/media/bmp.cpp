#include "media/bmp.hpp"

#include <algorithm>
#include <bit>
#include <vector>

namespace lightly::media {
namespace {

enum BmpCompression : std::uint64_t { kBmpRaw = 0, kBmpRle8 = 1, kBmpRle4 = 2, kBmpMasks = 3 };

// One colour's bits of a pixel.
struct BmpMask {
  std::uint32_t bits = 0;

  std::uint8_t value(std::uint32_t pixel) const {
    if (bits == 0) {
      return 0;
    }
    const int shift = std::countr_zero(bits);
    const std::uint64_t most = bits >> shift;
    return static_cast<std::uint8_t>(std::uint64_t{(pixel & bits) >> shift} * 255 / most);
  }
};

struct BmpHeader {
  ImageSize size;
  bool from_top = false;
  std::size_t bits_per_pixel = 0;
  std::uint64_t compression = kBmpRaw;
  BmpMask red;
  BmpMask green;
  BmpMask blue;
  Palette palette = {};
  std::size_t pixels_at = 0;
};

Bytes bmp_part(Bytes bytes, std::size_t at, std::size_t count, const std::string& where) {
  if (at > bytes.size() || count > bytes.size() - at) {
    throw_cut_short(where);
  }
  return bytes.subspan(at, count);
}

// The masks that a file has, and those of files without.
void read_bmp_masks(Bytes bytes, std::size_t at, BmpHeader& header, const std::string& where) {
  if (header.compression == kBmpMasks) {
    const Bytes masks = bmp_part(bytes, at, 12, where);
    header.red.bits = static_cast<std::uint32_t>(little_endian(masks, 0, 4));
    header.green.bits = static_cast<std::uint32_t>(little_endian(masks, 4, 4));
    header.blue.bits = static_cast<std::uint32_t>(little_endian(masks, 8, 4));
    for (const BmpMask mask : {header.red, header.green, header.blue}) {
      const std::uint64_t ones =
          std::uint64_t{mask.bits} >> std::countr_zero(mask.bits | 1U << 31U);
      TORCH_CHECK(std::has_single_bit(ones + 1), where, ": its masks have gaps");
    }
  }
  if ((header.red.bits | header.green.bits | header.blue.bits) == 0) {
    const bool is_short = header.bits_per_pixel == 16;
    header.red.bits = is_short ? 0x7C00 : 0xFF0000;
    header.green.bits = is_short ? 0x3E0 : 0xFF00;
    header.blue.bits = is_short ? 0x1F : 0xFF;
  }
}

// Windows' and OS/2's headers differ in the widths of their fields; later ones only add to it.
BmpHeader read_bmp_header(Bytes bytes, const std::string& where) {
  constexpr std::size_t kFileHeader = 14;
  const std::uint64_t length = little_endian(bmp_part(bytes, kFileHeader, 4, where), 0, 4);
  const bool is_os2 = length == 12;
  TORCH_CHECK(is_os2 || length == 40 || length == 52 || length == 56 || length == 64 ||
                  length == 108 || length == 124,
              where, ": its header has ", length, " bytes");
  const Bytes fields = bmp_part(bytes, kFileHeader, length, where);
  BmpHeader header;
  std::uint64_t colors = 0;
  if (is_os2) {
    header.size = {.width = static_cast<std::int64_t>(little_endian(fields, 4, 2)),
                   .height = static_cast<std::int64_t>(little_endian(fields, 6, 2))};
    header.bits_per_pixel = little_endian(fields, 10, 2);
  } else {
    const auto height = static_cast<std::int32_t>(little_endian(fields, 8, 4));
    header.from_top = height < 0;
    header.size = {.width = static_cast<std::int32_t>(little_endian(fields, 4, 4)),
                   .height = height < 0 ? -std::int64_t{height} : height};
    header.bits_per_pixel = little_endian(fields, 14, 2);
    header.compression = little_endian(fields, 16, 4);
    colors = little_endian(fields, 32, 4);
  }
  const std::size_t bits = header.bits_per_pixel;
  TORCH_CHECK(bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32, where,
              ": it has ", bits, " bits a pixel");
  const bool fits = header.compression == kBmpRaw ||
                    (header.compression == kBmpRle8 && bits == 8) ||
                    (header.compression == kBmpRle4 && bits == 4) ||
                    (header.compression == kBmpMasks && bits >= 16);
  TORCH_CHECK(fits, where, ": its compression ", header.compression, " is not known for ", bits,
              " bits a pixel");
  std::size_t at = kFileHeader + length;
  if (bits >= 16) {
    read_bmp_masks(bytes, kFileHeader + 40, header, where);
  } else {
    const std::size_t entry_bytes = is_os2 ? 3 : 4;
    colors = colors == 0 ? std::uint64_t{1} << bits : colors;
    TORCH_CHECK(colors <= 65536, where, ": its palette has ", colors, " colours");
    const Bytes entries = bmp_part(bytes, at, entry_bytes * colors, where);
    for (std::size_t i = 0; i < std::min<std::size_t>(colors, header.palette.size()); ++i) {
      const std::uint8_t* entry = &entries[entry_bytes * i];
      header.palette[i] = {entry[2], entry[1], entry[0]};
    }
    at += entries.size();
  }
  header.pixels_at = little_endian(bytes, 10, 4);
  // Some writers leave the palette out of account, others the whole field.
  if (header.pixels_at == 0 || (bits <= 8 && header.pixels_at == kFileHeader + length)) {
    header.pixels_at = at;
  }
  return header;
}

// The indices of an image whose runs are stored, from the bottom row on.
class BmpRuns {
 public:
  BmpRuns(Bytes bytes, const ImageSize& size, bool is_rle4, const std::string& where)
      : bytes_(bytes),
        where_(where),
        width_(static_cast<std::size_t>(size.width)),
        count_(width_ * static_cast<std::size_t>(size.height)),
        is_rle4_(is_rle4) {}

  std::vector<std::uint8_t> read() {
    while (indices_.size() < count_) {
      const std::uint8_t run = next();
      const std::uint8_t value = next();
      if (run > 0) {
        repeat(run, value);
      } else if (value == 0) {
        add_background((width_ - indices_.size() % width_) % width_);
        column_ = 0;
      } else if (value == 1) {
        break;
      } else if (value == 2) {
        const std::size_t right = next();
        add_background(right + next() * width_);
        column_ = indices_.size() % width_;
      } else {
        copy(value);
      }
    }
    TORCH_CHECK(indices_.size() == count_, where_, ": its runs end early");
    return std::move(indices_);
  }

 private:
  std::uint8_t next() {
    if (at_ == bytes_.size()) {
      throw_cut_short(where_);
    }
    return bytes_[at_++];
  }

  void add(std::uint8_t index) {
    if (indices_.size() < count_) {
      indices_.push_back(index);
    }
  }

  void add_background(std::size_t count) {
    indices_.resize(std::min(count_, indices_.size() + count));
  }

  // A run ends with its row.
  void repeat(std::size_t count, std::uint8_t value) {
    count = column_ < width_ ? std::min(count, width_ - column_) : 0;
    for (std::size_t i = 0; i < count; ++i) {
      add(!is_rle4_ ? value : i % 2 == 0 ? value >> 4 : value & 15);
    }
    column_ += count;
  }

  // Indices as they are, padded to an even number of bytes.
  void copy(std::size_t count) {
    std::uint8_t pair = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_rle4_) {
        add(next());
      } else {
        pair = i % 2 == 0 ? next() : static_cast<std::uint8_t>(pair << 4);
        add(pair >> 4);
      }
    }
    column_ += count;
    const std::size_t stored = is_rle4_ ? (count + 1) / 2 : count;
    if (stored % 2 != 0 && indices_.size() < count_) {
      next();
    }
  }

  Bytes bytes_;
  const std::string& where_;
  std::size_t width_;
  std::size_t count_;
  bool is_rle4_;
  std::size_t at_ = 0;
  std::size_t column_ = 0;
  std::vector<std::uint8_t> indices_;
};

void write_bmp_row(const BmpHeader& header, const std::uint8_t* row, std::uint8_t* into) {
  const std::size_t bits = header.bits_per_pixel;
  for (std::size_t x = 0; x < static_cast<std::size_t>(header.size.width); ++x, into += 3) {
    if (bits == 24 && header.compression == kBmpRaw) {
      std::reverse_copy(row + 3 * x, row + 3 * x + 3, into);
    } else if (bits >= 16) {
      const std::size_t bytes = bits / 8;
      const auto pixel =
          static_cast<std::uint32_t>(little_endian({row + bytes * x, bytes}, 0, bytes));
      into[0] = header.red.value(pixel);
      into[1] = header.green.value(pixel);
      into[2] = header.blue.value(pixel);
    } else {
      const std::size_t bit = bits * x;
      const unsigned index = row[bit / 8] >> (8 - bits - bit % 8);
      write_colors(header.palette,
                   std::array{static_cast<std::uint8_t>(index & ((1U << bits) - 1))}.data(), 1,
                   into);
    }
  }
}

}  // namespace

ImageSize read_bmp_size(Bytes bytes, const std::string& where) {
  return read_bmp_header(bytes, where).size;
}

at::Tensor decode_bmp(Bytes bytes, const std::string& where) {
  const BmpHeader header = read_bmp_header(bytes, where);
  const auto width = static_cast<std::size_t>(header.size.width);
  const auto height = static_cast<std::size_t>(header.size.height);
  const std::size_t row_bytes = (width * header.bits_per_pixel + 31) / 32 * 4;
  const bool has_runs = header.compression == kBmpRle8 || header.compression == kBmpRle4;
  // What pads the last row may be missing.
  const std::size_t last_row_bytes = (width * header.bits_per_pixel + 7) / 8;
  const std::size_t left = bytes.size() - std::min(header.pixels_at, bytes.size());
  // By division: the product may be too large.
  if (!has_runs && (last_row_bytes > left || height - 1 > (left - last_row_bytes) / row_bytes)) {
    throw_cut_short(where);
  }
  std::vector<std::uint8_t> indices;
  if (has_runs) {
    const std::size_t at = std::min(header.pixels_at, bytes.size());
    indices = BmpRuns(bytes.subspan(at), header.size, header.compression == kBmpRle4, where).read();
  }
  const at::Tensor pixels = empty_pixels(header.size);
  auto* into = pixels.mutable_data_ptr<std::uint8_t>();
  for (std::size_t y = 0; y < height; ++y) {
    std::uint8_t* row = into + 3 * width * (header.from_top ? y : height - 1 - y);
    if (has_runs) {
      write_colors(header.palette, &indices[y * width], header.size.width, row);
    } else {
      write_bmp_row(header, &bytes[header.pixels_at + y * row_bytes], row);
    }
  }
  return as_image(pixels);
}

}  // namespace lightly::media
