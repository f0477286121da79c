#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "media/bitstream/bits.hpp"
#include "media/bitstream/picture.hpp"

// MPEG-1 and 2 (ISO 11172-2, 13818-2) and MPEG-4 part 2 (ISO 14496-2).
namespace lightly::media::bitstream {
namespace {

// What has been sent since decoding began: B-pictures need two references.
class References {
 public:
  // Of a picture that gives a frame of its own; a closed group's B-pictures need only what follows.
  void apply(Picture& picture, bool is_closed) {
    if (picture.kind == PictureKind::kBidirectional) {
      picture.is_shown = count_ >= 2 || (count_ == 1 && is_closed);
    } else if (count_ > 0 || picture.is_key) {
      count_ = std::min(count_ + 1, 2);
    }
  }

 private:
  int count_ = 0;
};

void set_kind(Picture& picture, PictureKind kind) {
  picture.kind = kind;
  picture.is_key = kind == PictureKind::kIntra;
  picture.is_droppable = kind == PictureKind::kBidirectional;
}

class Mpeg12 {
 public:
  explicit Mpeg12(Bytes extradata) { static_cast<void>(read_headers(extradata)); }

  Picture read(Bytes packet) {
    const Headers headers = read_headers(packet);
    Picture picture;
    const bool is_known = headers.type >= 1 && headers.type <= 3;
    picture.is_suspicious = !is_known || !has_sequence_;
    if (!is_known) {
      picture.is_shown = false;
      return picture;
    }
    set_kind(picture, headers.type == 1   ? PictureKind::kIntra
                      : headers.type == 2 ? PictureKind::kPredicted
                                          : PictureKind::kBidirectional);
    const bool is_second = has_open_field_ && headers.is_field;
    has_open_field_ = headers.is_field && headers.count == 1 && !is_second;
    if (is_second) {
      picture.is_shown = false;
      picture.is_key = false;
    } else {
      references_.apply(picture, is_closed_);
    }
    return picture;
  }

 private:
  struct Headers {
    unsigned type = 0;  // 1: I, 2: P, 3: B
    bool is_field = false;
    int count = 0;  // of pictures
  };

  Headers read_headers(Bytes bytes) {
    Headers headers;
    for (std::size_t at = find_start_code(bytes, 0); at + 5 < bytes.size();
         at = find_start_code(bytes, at + 3)) {
      const std::uint8_t code = bytes[at + 3];
      const Bytes after = bytes.subspan(at + 4);
      if (code == 0) {
        headers.type = ++headers.count == 1 ? (after[1] >> 3) & 7U : headers.type;
      } else if (code == 0xB3) {
        has_sequence_ = true;
      } else if (code == 0xB8 && after.size() >= 4) {
        is_closed_ = (after[3] & 0x40U) != 0;
      } else if (code == 0xB5 && after[0] >> 4 == 8 && after.size() >= 3) {
        headers.is_field = (after[2] & 3U) != 3;
      } else if (code <= 0xAF && !headers.is_field) {
        break;  // a slice: the frame's one picture has begun
      }
    }
    return headers;
  }

  References references_ = {};
  bool has_sequence_ = false;
  bool is_closed_ = false;
  bool has_open_field_ = false;
};

class Mpeg4 {
 public:
  explicit Mpeg4(Bytes extradata) { read_layers(extradata); }

  Picture read(Bytes packet) {
    const std::size_t at = read_layers(packet);
    Picture picture;
    picture.is_suspicious = at >= packet.size() || time_bits_ < 0;
    if (picture.is_suspicious) {
      picture.is_shown = at < packet.size();
      return picture;
    }
    BitReader reader(packet.subspan(at));
    const std::uint32_t type = reader.bits(2);
    while (reader.bit() != 0) {
    }  // whole seconds
    reader.skip(1 + static_cast<std::size_t>(time_bits_) + 1);
    set_kind(picture, type == 0   ? PictureKind::kIntra
                      : type == 2 ? PictureKind::kBidirectional
                                  : PictureKind::kPredicted);
    if (reader.bit() == 0) {  // not coded
      picture.is_shown = false;
      picture.is_key = false;
      picture.is_droppable = false;
      return picture;
    }
    references_.apply(picture, false);
    return picture;
  }

 private:
  // Returns where the first picture's bits begin, or the end.
  std::size_t read_layers(Bytes bytes) {
    for (std::size_t at = find_start_code(bytes, 0); at + 4 < bytes.size();
         at = find_start_code(bytes, at + 3)) {
      const std::uint8_t code = bytes[at + 3];
      if (code == 0xB6) {
        return at + 4;
      }
      if (code >= 0x20 && code <= 0x2F) {
        read_layer(BitReader(bytes.subspan(at + 4)));
      }
    }
    return bytes.size();
  }

  void read_layer(BitReader reader) {
    reader.skip(9);
    const std::uint32_t version = reader.bit() != 0 ? reader.bits(7) >> 3 : 1;
    if (reader.bits(4) == 15) {
      reader.skip(16);  // aspect ratio
    }
    if (reader.bit() != 0) {
      reader.skip(3);
      reader.skip(reader.bit() != 0 ? 79 : 0);
    }
    const std::uint32_t shape = reader.bits(2);
    reader.skip(shape == 3 && version != 1 ? 4 : 0);
    reader.skip(1);
    const std::uint32_t resolution = reader.bits(16);
    if (!reader.is_past_end()) {
      time_bits_ = std::max(1, static_cast<int>(std::bit_width(std::max(resolution, 1U) - 1)));
    }
  }

  References references_ = {};
  int time_bits_ = -1;  // until a layer says it
};

}  // namespace

PictureReader make_mpeg12_reader(Bytes extradata) {
  return make_reader<Mpeg12>(PictureOrder::kKind, extradata);
}

PictureReader make_mpeg4_reader(Bytes extradata) {
  return make_reader<Mpeg4>(PictureOrder::kKind, extradata);
}

}  // namespace lightly::media::bitstream
