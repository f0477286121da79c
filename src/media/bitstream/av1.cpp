#include <cstddef>
#include <cstdint>
#include <optional>

#include "media/bitstream/bits.hpp"
#include "media/bitstream/picture.hpp"

// AV1 bitstream specification, 5.3 to 5.9.
namespace lightly::media::bitstream {
namespace {

constexpr unsigned kAv1SequenceHeader = 1;
constexpr unsigned kAv1FrameHeader = 3;
constexpr unsigned kAv1Frame = 6;

struct Av1Unit {
  unsigned type = 0;
  Bytes payload = {};
};

// The unit at `at`, which is put behind it; nothing at the end and where it does not fit.
std::optional<Av1Unit> next_unit(Bytes bytes, std::size_t& at) {
  if (at >= bytes.size()) {
    return std::nullopt;
  }
  const unsigned header = bytes[at];
  at += (header & 4U) != 0 ? 2 : 1;
  std::uint64_t size = at < bytes.size() ? bytes.size() - at : 0;
  if ((header & 2U) != 0) {
    size = 0;
    for (int i = 0; i < 8; ++i) {
      if (at >= bytes.size()) {
        return std::nullopt;
      }
      const std::uint64_t byte = bytes[at++];
      size |= (byte & 127U) << (7 * i);
      if (byte < 128) {
        break;
      }
    }
  }
  if (at > bytes.size() || size > bytes.size() - at) {
    return std::nullopt;
  }
  const Av1Unit unit{.type = (header >> 3) & 15U, .payload = bytes.subspan(at, size)};
  at += size;
  return unit;
}

class Av1 {
 public:
  Picture read(Bytes packet) {
    Picture picture{.is_shown = false};
    bool is_first = true;
    std::size_t at = 0;
    while (const std::optional<Av1Unit> unit = next_unit(packet, at)) {
      BitReader reader(unit->payload);
      if (unit->type == kAv1SequenceHeader) {
        reader.skip(3);  // profile
        reader.skip(1);
        is_still_ = reader.bit() != 0;  // with a reduced header
      } else if (unit->type == kAv1FrameHeader || unit->type == kAv1Frame) {
        const bool shows_sent = !is_still_ && reader.bit() != 0;
        const bool is_key = is_still_ || (!shows_sent && reader.bits(2) == 0);
        const bool is_shown = is_still_ || shows_sent || reader.bit() != 0;
        picture.is_key = picture.is_key || (is_first && is_key && is_shown);
        picture.is_shown = picture.is_shown || is_shown;
        is_first = false;
      }
    }
    picture.is_suspicious = at < packet.size() || is_first;
    return picture;
  }

 private:
  bool is_still_ = false;
};

}  // namespace

PictureReader make_av1_reader() {
  return make_reader<Av1>(PictureOrder::kDecoding);
}

}  // namespace lightly::media::bitstream
