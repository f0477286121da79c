#include <cstddef>
#include <cstdint>
#include <optional>

#include "media/bitstream/bits.hpp"
#include "media/bitstream/picture.hpp"

// AV1 bitstream specification, 5.3 to 5.9, up to refresh_frame_flags.
namespace lightly::media::bitstream {
namespace {

constexpr unsigned kAv1SequenceHeader = 1;
constexpr unsigned kAv1FrameHeader = 3;
constexpr unsigned kAv1Frame = 6;
constexpr std::uint32_t kAv1KeyFrame = 0;
constexpr std::uint32_t kAv1IntraOnlyFrame = 2;
constexpr std::uint32_t kAv1SwitchFrame = 3;
// Of a tool: each frame says whether it uses it.
constexpr std::uint32_t kAv1Select = 2;

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

// What frame headers are read by.
struct Av1Sequence {
  bool is_still = false;  // with a reduced header
  // Off where headers hold more before that field than is read here, and where frames carry numbers
  // in whose gaps a decoder may see a fault.
  bool can_read_refresh = false;
  std::uint32_t screen_tools = kAv1Select;
  std::uint32_t integer_mv = kAv1Select;
  int order_hint_bits = 0;
};

// A number of AV1's uvlc() is an Exp-Golomb number.
Av1Sequence read_sequence(BitReader& reader) {
  Av1Sequence sequence;
  reader.skip(3 + 1);  // profile, still picture
  sequence.is_still = reader.bit() != 0;
  if (sequence.is_still) {
    return sequence;
  }
  if (reader.bit() != 0) {  // timing
    reader.skip(32 + 32);
    if (reader.bit() != 0) {
      reader.golomb();
    }
    if (reader.bit() != 0) {  // the decoder's model
      return sequence;
    }
  }
  const bool has_delay = reader.bit() != 0;
  const std::uint32_t points = reader.bits(5) + 1;
  for (std::uint32_t i = 0; i < points; ++i) {
    reader.skip(12);
    reader.skip(reader.bits(5) > 7 ? 1 : 0);  // level, tier
    reader.skip(has_delay && reader.bit() != 0 ? 4 : 0);
  }
  const std::uint32_t width_bits = reader.bits(4) + 1;
  const std::uint32_t height_bits = reader.bits(4) + 1;
  reader.skip(width_bits + height_bits);
  const bool has_frame_numbers = reader.bit() != 0;
  reader.skip(3 + 4);  // tools
  const bool has_order = reader.bit() != 0;
  reader.skip(has_order ? 2 : 0);
  sequence.screen_tools = reader.bit() != 0 ? kAv1Select : reader.bit();
  if (sequence.screen_tools > 0) {
    sequence.integer_mv = reader.bit() != 0 ? kAv1Select : reader.bit();
  }
  sequence.order_hint_bits = has_order ? static_cast<int>(reader.bits(3)) + 1 : 0;
  sequence.can_read_refresh = !has_frame_numbers && !reader.is_past_end();
  return sequence;
}

struct Av1Frame {
  bool shows_sent = false;  // a frame sent before
  bool is_key = false;
  bool is_shown = true;
  // Whether it is surely kept for no later frame.
  bool is_passing = false;
};

Av1Frame read_frame(const Av1Sequence& sequence, Bytes bytes) {
  BitReader reader(bytes);
  Av1Frame frame;
  if (sequence.is_still) {
    frame.is_key = true;
    return frame;
  }
  frame.shows_sent = reader.bit() != 0;
  if (frame.shows_sent) {
    return frame;
  }
  const std::uint32_t type = reader.bits(2);
  frame.is_key = type == kAv1KeyFrame;
  frame.is_shown = reader.bit() != 0;
  if (!sequence.can_read_refresh || type == kAv1SwitchFrame || (frame.is_key && frame.is_shown)) {
    return frame;  // the last two are kept in every place
  }
  const bool is_intra = frame.is_key || type == kAv1IntraOnlyFrame;
  reader.skip(frame.is_shown ? 0 : 1);  // whether it may be shown later
  const bool is_resilient = reader.bit() != 0;
  reader.skip(1);  // update of probabilities
  const std::uint32_t screen_tools =
      sequence.screen_tools == kAv1Select ? reader.bit() : sequence.screen_tools;
  reader.skip(screen_tools != 0 && sequence.integer_mv == kAv1Select ? 1 : 0);
  reader.skip(1);  // another size
  reader.skip(static_cast<std::size_t>(sequence.order_hint_bits));
  reader.skip(is_intra || is_resilient ? 0 : 3);  // the frame whose probabilities it begins with
  frame.is_passing = reader.bits(8) == 0 && !reader.is_past_end();
  return frame;
}

class Av1 {
 public:
  // Sequence headers behind four bytes of av1C, or bare.
  explicit Av1(Bytes extradata) {
    const bool is_av1c = extradata.size() > 4 && extradata[0] == 0x81;
    const Bytes units = is_av1c ? extradata.subspan(4) : extradata;
    std::size_t at = 0;
    while (const std::optional<Av1Unit> unit = next_unit(units, at)) {
      read_sequence_of(*unit);
    }
  }

  Picture read(Bytes packet) {
    Picture picture{.is_shown = false};
    bool is_first = true;
    bool are_passing = true;
    std::size_t at = 0;
    while (const std::optional<Av1Unit> unit = next_unit(packet, at)) {
      read_sequence_of(*unit);
      if (unit->type == kAv1FrameHeader || unit->type == kAv1Frame) {
        const Av1Frame frame = read_frame(sequence_, unit->payload);
        picture.is_key = picture.is_key || (is_first && frame.is_key && frame.is_shown);
        picture.is_shown = picture.is_shown || frame.is_shown;
        is_first = false;
        // A key frame sent to be shown later is then kept in every place.
        has_hidden_key_ = has_hidden_key_ || (frame.is_key && !frame.is_shown);
        are_passing = are_passing &&
                      (frame.shows_sent ? has_sequence_ && !has_hidden_key_ : frame.is_passing);
      }
    }
    picture.is_suspicious = at < packet.size() || is_first;
    picture.is_droppable = are_passing && picture.is_shown && !picture.is_suspicious;
    return picture;
  }

 private:
  void read_sequence_of(const Av1Unit& unit) {
    if (unit.type == kAv1SequenceHeader) {
      BitReader reader(unit.payload);
      sequence_ = read_sequence(reader);
      has_sequence_ = true;
    }
  }

  Av1Sequence sequence_ = {};
  bool has_sequence_ = false;
  bool has_hidden_key_ = false;
};

}  // namespace

PictureReader make_av1_reader(Bytes extradata) {
  return make_reader<Av1>(PictureOrder::kDecoding, extradata);
}

}  // namespace lightly::media::bitstream
