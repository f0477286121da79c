#include "media/h264_streams.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace lightly::testing {
namespace {

class Bits {
 public:
  Bits& put(std::uint32_t value, int count) {
    for (int i = count - 1; i >= 0; --i) {
      if (used_ % 8 == 0) {
        bytes_.push_back('\0');
      }
      bytes_.back() = static_cast<char>(bytes_.back() | ((value >> i) & 1U) << (7 - used_ % 8));
      ++used_;
    }
    return *this;
  }

  /// An unsigned Exp-Golomb number.
  Bits& golomb(std::uint32_t value) {
    const int length = std::bit_width(value + 1);
    return put(0, length - 1).put(value + 1, length);
  }

  Bits& align() { return put(0, (8 - used_ % 8) % 8); }

  /// With the stop bit. Nothing in these streams looks like a start code.
  std::string nal(int header) {
    put(1, 1);
    return static_cast<char>(header) + bytes_;
  }

 private:
  std::string bytes_;
  int used_ = 0;
};

// Big-endian.
std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text += static_cast<char>((value >> shift) & 255U);
  }
  return text;
}

std::string zeros(std::size_t count) {
  return std::string(count, '\0');
}

std::string box(const std::string& type, const std::string& content) {
  return number(content.size() + 8, 4) + type + content;
}

// A box with a table behind its version, flags and length.
std::string table(const std::string& type, std::size_t entries, const std::string& content,
                  const std::string& before = {}) {
  return box(type, zeros(4) + before + number(entries, 4) + content);
}

std::string sample_description(const Mp4Part& part) {
  const std::string sizes = number(static_cast<std::uint64_t>(part.width), 2) +
                            number(static_cast<std::uint64_t>(part.height), 2);
  return box("avc1", zeros(6) + number(1, 2) + zeros(16) + sizes + number(0x480000, 4) +
                         number(0x480000, 4) + zeros(4) + number(1, 2) + zeros(32) + number(24, 2) +
                         number(0xFFFF, 2) + box("avcC", part.description));
}

// How far each of a part's samples is shown behind its place in the file, and `delay` more.
std::string shifts(const Mp4Part& part, std::int64_t delay) {
  std::vector<std::int64_t> sorted = part.times;
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  for (std::size_t i = 0; i < part.times.size(); ++i) {
    const auto rank = std::lower_bound(sorted.begin(), sorted.end(), part.times[i]);
    const std::int64_t shift = (rank - sorted.begin()) - static_cast<std::int64_t>(i) + delay;
    text += number(1, 4) + number(static_cast<std::uint64_t>(shift), 4);
  }
  return text;
}

std::string sample_tables(const std::vector<Mp4Part>& parts, std::uint64_t first_byte) {
  constexpr std::int64_t kDelay = 16;
  std::string descriptions, chunks, places, sizes, keys, times;
  std::uint64_t count = 0;
  std::uint64_t key_count = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Mp4Part& part = parts[i];
    descriptions += sample_description(part);
    chunks += number(i + 1, 4) + number(part.samples.size(), 4) + number(i + 1, 4);
    places += number(first_byte, 4);
    times += shifts(part, kDelay);
    for (std::size_t k = 0; k < part.samples.size(); ++k) {
      sizes += number(part.samples[k].size(), 4);
      first_byte += part.samples[k].size();
      ++count;
      if (part.are_keys[k]) {
        keys += number(count, 4);
        ++key_count;
      }
    }
  }
  return table("stsd", parts.size(), descriptions) +
         table("stts", 1, number(count, 4) + number(1, 4)) + table("ctts", count, times) +
         table("stss", key_count, keys) + table("stsc", parts.size(), chunks) +
         table("stsz", count, sizes, zeros(4)) + table("stco", parts.size(), places);
}

}  // namespace

std::vector<std::string> h264_parameters(const H264Form& form) {
  Bits sequence;
  sequence.put(77, 8).put(0, 8).put(10, 8).golomb(0);
  sequence.golomb(static_cast<std::uint32_t>(form.number_bits - 4)).golomb(0).golomb(0).golomb(1);
  sequence.put(0, 1).golomb(0).golomb(form.has_fields ? 0 : 1);
  sequence.put(form.has_fields ? 0 : 1, form.has_fields ? 2 : 1).put(1, 1).put(0, 2);
  Bits picture;
  picture.golomb(0).golomb(0).put(0, 2).golomb(0).golomb(0).golomb(0).put(0, 3);
  picture.golomb(0).golomb(0).golomb(0).put(0, 3);
  return {sequence.nal(0x67), picture.nal(0x68)};
}

std::string h264_picture(const H264Picture& picture, const H264Form& form) {
  constexpr std::uint32_t kRaw = 25;  // a block's type: its pixels follow
  const bool is_field = picture.structure != H264Structure::kFrame;
  Bits bits;
  bits.golomb(0).golomb(picture.is_predicted ? 5 : 7).golomb(0);
  bits.put(static_cast<std::uint32_t>(picture.number), form.number_bits);
  if (form.has_fields) {
    bits.put(is_field, 1);
  }
  if (is_field) {
    bits.put(picture.structure == H264Structure::kBottom, 1);
  }
  if (picture.is_idr) {
    bits.golomb(0);
  }
  bits.put(static_cast<std::uint32_t>(picture.order), 4);
  bits.put(0, picture.is_predicted ? 2 : 0);
  if (picture.forgets) {
    bits.put(1, 1).golomb(5).golomb(0);
  } else if (picture.is_reference) {
    bits.put(0, picture.is_idr ? 2 : 1);
  }
  bits.golomb(0);
  const int blocks = is_field || picture.is_predicted ? 1 : 2;
  for (int block = 0; block < blocks; ++block) {
    if (picture.is_predicted) {
      bits.golomb(0);  // none skipped
    }
    bits.golomb(picture.is_predicted ? 5 + kRaw : kRaw).align();
    for (int i = 0; i < 384; ++i) {
      bits.put(static_cast<std::uint32_t>(picture.grey), 8);
    }
  }
  if (picture.is_predicted) {
    bits.golomb(1);  // the other block is skipped
  }
  return bits.nal(picture.is_idr ? 0x65 : picture.is_reference ? 0x61 : 0x01);
}

std::string h264_unit(const std::string& nal) {
  return std::string("\0\0\0\1", 4) + nal;
}

Mp4Part mp4_part(const std::vector<H264Picture>& pictures, const H264Form& form) {
  const std::vector<std::string> parameters = h264_parameters(form);
  Mp4Part part{.width = 16, .height = 32};
  part.description = "\1" + parameters[0].substr(1, 3) + "\xFF\xE1" +
                     number(parameters[0].size(), 2) + parameters[0] + "\1" +
                     number(parameters[1].size(), 2) + parameters[1];
  for (const H264Picture& picture : pictures) {
    const std::string nal = h264_picture(picture, form);
    part.samples.push_back(number(nal.size(), 4) + nal);
    part.times.push_back(static_cast<std::int64_t>(part.times.size()));
    part.are_keys.push_back(picture.is_idr);
  }
  return part;
}

std::string mp4_file(const std::vector<Mp4Part>& parts) {
  std::string samples;
  std::uint64_t count = 0;
  for (const Mp4Part& part : parts) {
    count += part.samples.size();
    for (const std::string& sample : part.samples) {
      samples += sample;
    }
  }
  const std::string begin = box("ftyp", "isom" + zeros(4) + "isom") + box("mdat", samples);
  const std::string times = number(25, 4) + number(count, 4);
  const std::string track =
      box("tkhd", number(3, 4) + zeros(8) + number(1, 4) + zeros(4) + number(count, 4) + zeros(52) +
                      number(static_cast<std::uint64_t>(parts[0].width) << 16, 4) +
                      number(static_cast<std::uint64_t>(parts[0].height) << 16, 4)) +
      box("mdia",
          box("mdhd", zeros(12) + times + zeros(4)) + box("hdlr", zeros(8) + "vide" + zeros(13)) +
              box("minf", box("stbl", sample_tables(parts, begin.size() - samples.size()))));
  return begin + box("moov", box("mvhd", zeros(12) + times + zeros(80)) + box("trak", track));
}

}  // namespace lightly::testing
