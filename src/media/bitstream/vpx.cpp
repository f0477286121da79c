#include <array>
#include <cstddef>
#include <cstdint>

#include "media/bitstream/bits.hpp"
#include "media/bitstream/picture.hpp"

// VP8 (RFC 6386, 9.1) and VP9 (bitstream specification 0.6, 6.2 and annex B).
namespace lightly::media::bitstream {
namespace {

Picture read_vp8(Bytes packet) {
  Picture picture;
  picture.is_suspicious = packet.size() < 3;
  if (!picture.is_suspicious) {
    picture.is_key = (packet[0] & 1U) == 0;
    picture.is_shown = (packet[0] & 0x10U) != 0;
  }
  return picture;
}

struct Vp9Frame {
  bool is_sound = false;
  bool is_key = false;
  bool is_shown = false;
};

Vp9Frame read_vp9_frame(Bytes bytes) {
  BitReader reader(bytes);
  Vp9Frame frame;
  frame.is_sound = reader.bits(2) == 2;
  const std::uint32_t profile = reader.bit() | reader.bit() << 1;
  reader.skip(profile == 3 ? 1 : 0);
  if (reader.bit() != 0) {  // shows a frame sent before
    frame.is_shown = true;
  } else {
    frame.is_key = reader.bit() == 0;
    frame.is_shown = reader.bit() != 0;
  }
  frame.is_sound = frame.is_sound && !reader.is_past_end();
  return frame;
}

Picture read_vp9(Bytes packet) {
  Picture picture{.is_shown = false};
  int count = 0;
  int shown = 0;
  const auto add = [&](Bytes bytes) {
    const Vp9Frame frame = read_vp9_frame(bytes);
    picture.is_suspicious = picture.is_suspicious || !frame.is_sound;
    picture.is_key = picture.is_key || (count == 0 && frame.is_key);
    shown += frame.is_shown ? 1 : 0;
    ++count;
  };
  // A superframe ends with an index of the sizes of its frames, between two equal bytes.
  const unsigned marker = packet.empty() ? 0 : packet.back();
  const std::size_t frames = (marker & 7U) + 1;
  const std::size_t size_bytes = ((marker >> 3) & 3U) + 1;
  const std::size_t index_bytes = 2 + frames * size_bytes;
  if ((marker & 0xE0U) == 0xC0 && packet.size() >= index_bytes &&
      packet[packet.size() - index_bytes] == marker) {
    const std::size_t end = packet.size() - index_bytes;
    std::size_t at = 0;
    for (std::size_t i = 0; i < frames; ++i) {
      const std::size_t size = little_endian(packet, end + 1 + i * size_bytes, size_bytes);
      if (size > end - at) {
        picture.is_suspicious = true;
        break;
      }
      if (size > 0) {
        add(packet.subspan(at, size));
      }
      at += size;
    }
  } else {
    add(packet);
  }
  picture.is_shown = shown > 0;
  picture.is_suspicious = picture.is_suspicious || shown > 1;
  return picture;
}

}  // namespace

PictureReader make_vp8_reader() {
  return {.order = PictureOrder::kDecoding,
          .read = [](Bytes packet, bool) { return read_vp8(packet); }};
}

PictureReader make_vp9_reader() {
  return {.order = PictureOrder::kDecoding,
          .read = [](Bytes packet, bool) { return read_vp9(packet); }};
}

}  // namespace lightly::media::bitstream
