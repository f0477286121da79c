#include "media/pnm.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace lightly::media {
namespace {

bool is_pnm_space(std::uint8_t byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

class PnmReader {
 public:
  PnmReader(Bytes bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  std::uint8_t byte() {
    if (at_ == bytes_.size()) {
      throw_cut_short(where_);
    }
    return bytes_[at_++];
  }

  std::size_t left() const { return bytes_.size() - at_; }

  // The next byte that is neither white space nor in a comment, which ends with its line.
  std::uint8_t visible() {
    for (;;) {
      std::uint8_t next = byte();
      while (next == '#') {
        while (next != '\n' && next != '\r') {
          next = byte();
        }
      }
      if (!is_pnm_space(next)) {
        return next;
      }
    }
  }

  // The next number and the one space after it, which the last number of a file need not have.
  std::int64_t number() {
    constexpr std::int64_t kMost = 1'000'000'000;
    std::int64_t value = 0;
    for (std::uint8_t next = visible(); !is_pnm_space(next); next = byte()) {
      TORCH_CHECK(next >= '0' && next <= '9' && value < kMost, where_,
                  ": a number is expected at byte ", at_ - 1);
      value = value * 10 + (next - '0');
      if (left() == 0) {
        break;
      }
    }
    return value;
  }

 private:
  Bytes bytes_;
  const std::string& where_;
  std::size_t at_ = 0;
};

struct PnmHeader {
  ImageSize size = {};
  bool is_plain = false;  // numbers in decimals
  bool is_bitmap = false;
  std::int64_t channels = 1;
  std::int64_t maxval = 1;
};

PnmHeader read_pnm_header(PnmReader& reader, const std::string& where) {
  reader.byte();  // 'P'
  const int kind = reader.byte() - '0';
  PnmHeader header{.is_plain = kind <= 3,
                   .is_bitmap = kind == 1 || kind == 4,
                   .channels = kind == 3 || kind == 6 ? 3 : 1};
  header.size.width = reader.number();
  header.size.height = reader.number();
  if (!header.is_bitmap) {
    header.maxval = reader.number();
    TORCH_CHECK(header.maxval >= 1 && header.maxval <= 65535, where, ": its maxval is ",
                header.maxval);
  }
  return header;
}

// What each sample becomes, rounded to the nearest and halves to even ones, as Python's round().
std::vector<std::uint8_t> pnm_scale(const PnmHeader& header, SixteenBits sixteen_bits) {
  const bool is_deep = header.channels == 1 && header.maxval > 255;
  const double most = is_deep ? 65535 : 255;
  // Samples above maxval, which only raw files can hold, are the last.
  std::vector<std::uint8_t> scale(header.maxval > 255 ? 65536 : 256);
  for (std::size_t i = 0; i < scale.size(); ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(header.maxval);
    const double value = std::min(most, std::nearbyint(part * most));
    const bool is_upper = is_deep && sixteen_bits == SixteenBits::kUpperByte;
    scale[i] = static_cast<std::uint8_t>(is_upper ? value / 256 : std::min(value, 255.0));
  }
  return scale;
}

// One sample of a plain file; the digits of a bitmap need no space between them.
std::int64_t plain_sample(PnmReader& reader, const PnmHeader& header, const std::string& where) {
  if (header.is_bitmap) {
    const std::uint8_t digit = reader.visible();
    TORCH_CHECK(digit == '0' || digit == '1', where, ": a bitmap has digits 0 and 1");
    return digit - '0';
  }
  const std::int64_t sample = reader.number();
  TORCH_CHECK(sample <= header.maxval, where, ": a sample is ", sample, ", maxval ", header.maxval);
  return sample;
}

void read_plain_row(PnmReader& reader, const PnmHeader& header, const std::string& where,
                    std::vector<std::uint16_t>& row) {
  for (std::uint16_t& sample : row) {
    sample = static_cast<std::uint16_t>(plain_sample(reader, header, where));
  }
}

void read_raw_row(PnmReader& reader, const PnmHeader& header, std::vector<std::uint16_t>& row) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (header.is_bitmap) {
      bits = i % 8 == 0 ? reader.byte() : bits << 1;
      row[i] = static_cast<std::uint16_t>((bits >> 7) & 1);
    } else {
      const unsigned upper = header.maxval > 255 ? reader.byte() * 256U : 0;
      row[i] = static_cast<std::uint16_t>(upper + reader.byte());
    }
  }
}

// Of every row; the last one of a plain file may be a byte shorter, which needs no space at its
// end.
std::int64_t least_row_bytes(const PnmHeader& header) {
  const std::int64_t samples = header.size.width * header.channels;
  if (header.is_bitmap) {
    return header.is_plain ? samples : (samples + 7) / 8;
  }
  return header.is_plain || header.maxval > 255 ? 2 * samples : samples;
}

}  // namespace

ImageSize read_pnm_size(Bytes bytes, const std::string& where) {
  PnmReader reader(bytes, where);
  return read_pnm_header(reader, where).size;
}

at::Tensor decode_pnm(Bytes bytes, const std::string& where, SixteenBits sixteen_bits) {
  PnmReader reader(bytes, where);
  const PnmHeader header = read_pnm_header(reader, where);
  // Before memory is taken, and by division: the product may be too large.
  const std::int64_t row_bytes = std::max<std::int64_t>(least_row_bytes(header), 1);
  if (header.size.height > static_cast<std::int64_t>(reader.left() + 1) / row_bytes) {
    throw_cut_short(where);
  }
  std::vector<std::uint8_t> scale = pnm_scale(header, sixteen_bits);
  if (header.is_bitmap) {
    scale = {255, 0};  // 1 is black
  }
  const at::Tensor pixels = empty_pixels(header.size);
  auto* into = pixels.mutable_data_ptr<std::uint8_t>();
  std::vector<std::uint16_t> row(static_cast<std::size_t>(header.size.width * header.channels));
  for (std::int64_t y = 0; y < header.size.height; ++y) {
    if (header.is_plain) {
      read_plain_row(reader, header, where, row);
    } else {
      read_raw_row(reader, header, row);
    }
    for (const std::uint16_t sample : row) {
      into = std::fill_n(into, header.channels == 3 ? 1 : 3, scale[sample]);
    }
  }
  return as_image(pixels);
}

}  // namespace lightly::media
