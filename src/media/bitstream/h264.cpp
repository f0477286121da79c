#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "media/bitstream/bits.hpp"
#include "media/bitstream/picture.hpp"

// ITU-T H.264, 7.3: the fields up to those that say whether a picture is a field of a frame, and of
// pictures that others refer to up to those that say whether it makes numbers begin anew.
namespace lightly::media::bitstream {
namespace {

constexpr int kH264Slice = 1;
constexpr int kH264SliceIdr = 5;
constexpr int kH264Sei = 6;
constexpr int kH264Sequence = 7;
constexpr int kH264PictureParameters = 8;

struct H264Sequence {
  int frame_number_bits = 0;
  std::uint32_t order_type = 0;
  int order_bits = 0;            // of type 0
  bool has_order_deltas = true;  // of type 1
  bool has_chroma = true;
  bool has_separate_planes = false;
  bool has_frames_only = true;
};

struct H264Parameters {
  std::uint32_t sequence = 0;
  bool has_bottom_orders = false;
  bool has_slice_groups = false;  // then the fields behind are not read
  std::array<std::uint32_t, 2> references = {};
  bool has_weights = false;
  bool has_weights_of_both = false;
  bool has_redundant_slices = false;
};

struct H264Slice {
  std::uint32_t frame_number = 0;
  bool is_field = false;
  bool is_bottom = false;
  // Whether numbers begin anew after it.
  bool is_reset = false;
};

void skip_scaling_list(BitReader& reader, int size) {
  std::int64_t last = 8;
  std::int64_t next = 8;
  for (int i = 0; i < size; ++i) {
    if (next != 0) {
      next = (last + reader.signed_golomb() + 256) % 256;
    }
    last = next == 0 ? last : next;
  }
}

bool has_chroma_format(std::uint32_t profile) {
  constexpr std::array<std::uint32_t, 13> kProfiles{100, 110, 122, 244, 44,  83, 86,
                                                    118, 128, 138, 139, 134, 135};
  return std::find(kProfiles.begin(), kProfiles.end(), profile) != kProfiles.end();
}

H264Sequence read_sequence(BitReader& reader, std::uint32_t profile) {
  H264Sequence sequence;
  if (has_chroma_format(profile)) {
    const std::uint32_t chroma_format = reader.golomb();
    sequence.has_separate_planes = chroma_format == 3 && reader.bit() != 0;
    sequence.has_chroma = chroma_format != 0 && !sequence.has_separate_planes;
    reader.golomb();  // bit depths
    reader.golomb();
    reader.bit();  // transform bypass
    if (reader.bit() != 0) {
      for (int i = 0; i < (chroma_format == 3 ? 12 : 8); ++i) {
        if (reader.bit() != 0) {
          skip_scaling_list(reader, i < 6 ? 16 : 64);
        }
      }
    }
  }
  sequence.frame_number_bits = static_cast<int>(reader.golomb() % 16) + 4;
  sequence.order_type = reader.golomb();
  if (sequence.order_type == 0) {
    sequence.order_bits = static_cast<int>(reader.golomb() % 16) + 4;
  } else if (sequence.order_type == 1) {
    sequence.has_order_deltas = reader.bit() == 0;
    reader.golomb();
    reader.golomb();
    const std::uint32_t count = std::min(reader.golomb(), 255U);
    for (std::uint32_t i = 0; i < count; ++i) {
      reader.golomb();
    }
  }
  reader.golomb();  // reference frames
  reader.bit();
  reader.golomb();  // width
  reader.golomb();  // height
  sequence.has_frames_only = reader.bit() != 0;
  return sequence;
}

H264Parameters read_picture_parameters(BitReader& reader) {
  H264Parameters parameters{.sequence = reader.golomb()};
  reader.bit();  // entropy coding
  parameters.has_bottom_orders = reader.bit() != 0;
  parameters.has_slice_groups = reader.golomb() != 0;
  for (std::uint32_t& count : parameters.references) {
    count = reader.golomb() % 32 + 1;
  }
  parameters.has_weights = reader.bit() != 0;
  parameters.has_weights_of_both = reader.bits(2) == 1;
  reader.golomb();  // quantisers
  reader.golomb();
  reader.golomb();
  reader.skip(2);  // deblocking, constrained prediction
  parameters.has_redundant_slices = reader.bit() != 0;
  return parameters;
}

void skip_list_changes(BitReader& reader) {
  if (reader.bit() != 0) {
    while (reader.golomb() != 3 && !reader.is_past_end()) {
      reader.golomb();
    }
  }
}

void skip_weights(BitReader& reader, std::uint32_t references, bool has_chroma) {
  for (std::uint32_t i = 0; i < references; ++i) {
    for (const int count : {2, has_chroma ? 4 : 0}) {
      const bool is_given = count > 0 && reader.bit() != 0;
      for (int k = 0; is_given && k < count; ++k) {
        reader.golomb();
      }
    }
  }
}

// Whether one of the operations on the pictures that are kept is the fifth, which keeps none.
bool has_reset(BitReader& reader) {
  constexpr std::uint32_t kReset = 5;
  if (reader.bit() == 0) {
    return false;
  }
  while (!reader.is_past_end()) {
    const std::uint32_t operation = reader.golomb();
    if (operation == 0 || operation == kReset) {
      return operation == kReset;
    }
    reader.golomb();
    if (operation == 3) {
      reader.golomb();
    }
  }
  return false;
}

// Of a slice from what follows its frame's number and field on; it is of no IDR picture and others
// refer to it.
bool has_reset(BitReader& reader, std::uint32_t type, bool is_field, const H264Sequence& sequence,
               const H264Parameters& parameters) {
  const bool is_predicted = type == 0 || type == 3;
  const bool is_of_both = type == 1;
  const bool has_two_orders = parameters.has_bottom_orders && !is_field;
  if (sequence.order_type == 0) {
    reader.skip(static_cast<std::size_t>(sequence.order_bits));
  }
  if (sequence.order_type == 1 && sequence.has_order_deltas) {
    reader.golomb();
  }
  if (has_two_orders &&
      (sequence.order_type == 0 || (sequence.order_type == 1 && sequence.has_order_deltas))) {
    reader.golomb();
  }
  if (parameters.has_redundant_slices) {
    reader.golomb();
  }
  reader.skip(is_of_both ? 1 : 0);
  std::array<std::uint32_t, 2> references = parameters.references;
  const std::size_t lists = is_of_both ? 2 : is_predicted ? 1 : 0;
  if (lists > 0 && reader.bit() != 0) {
    for (std::size_t i = 0; i < lists; ++i) {
      references[i] = reader.golomb() % 32 + 1;
    }
  }
  for (std::size_t i = 0; i < lists; ++i) {
    skip_list_changes(reader);
  }
  if ((parameters.has_weights && is_predicted) || (parameters.has_weights_of_both && is_of_both)) {
    reader.golomb();
    if (sequence.has_chroma) {
      reader.golomb();
    }
    for (std::size_t i = 0; i < lists; ++i) {
      skip_weights(reader, references[i], sequence.has_chroma);
    }
  }
  return has_reset(reader) && !reader.is_past_end();
}

// The recovery_frame_cnt of the SEI message that says so.
std::optional<std::uint32_t> recovery_frames(Bytes nal) {
  std::size_t at = 1;
  const auto number = [&] {
    std::size_t value = 0;
    while (at < nal.size() && nal[at] == 255) {
      value += 255;
      ++at;
    }
    value += at < nal.size() ? nal[at] : 0;
    ++at;
    return value;
  };
  while (at + 2 < nal.size()) {
    const std::size_t type = number();
    const std::size_t size = number();
    if (at >= nal.size()) {
      break;
    }
    if (type == 6) {
      BitReader reader(nal.subspan(at));
      return reader.golomb();
    }
    at += std::min(size, nal.size());
  }
  return std::nullopt;
}

class H264 {
 public:
  explicit H264(Bytes extradata) { renew(extradata); }

  void renew(Bytes extradata) {
    length_bytes_ = 0;
    if (!extradata.empty() && extradata[0] == 1 && extradata.size() > 6) {  // avcC
      length_bytes_ = (extradata[4] & 3U) + 1;
      std::size_t at = 5;
      for (const unsigned mask : {31U, 255U}) {  // sequences, then picture parameters
        const unsigned count = at < extradata.size() ? extradata[at] & mask : 0;
        ++at;
        for (unsigned i = 0; i < count && at + 2 <= extradata.size(); ++i) {
          const std::size_t size = big_endian(extradata, at, 2);
          at += 2;
          read_parameters(extradata.subspan(at, std::min(size, extradata.size() - at)));
          at = std::min(at + size, extradata.size());
        }
      }
    } else {
      for_each_nal(extradata, 0, [&](Bytes nal) { read_parameters(nal); });
    }
  }

  Picture read(Bytes packet) {
    Picture picture{.is_shown = false, .is_droppable = true};
    bool is_idr = false;
    std::optional<std::uint32_t> recovery;
    std::optional<H264Slice> first;
    const bool is_whole = for_each_nal(packet, length_bytes_, [&](Bytes nal) {
      const int type = nal[0] & 31;
      if (type == kH264Slice || type == kH264SliceIdr) {
        is_idr = is_idr || type == kH264SliceIdr;
        picture.is_droppable = picture.is_droppable && (nal[0] & 0x60U) == 0;
        const bool begins_picture = nal.size() > 1 && (nal[1] & 0x80U) != 0;
        if (!picture.is_shown || begins_picture) {
          const std::optional<H264Slice> slice = read_slice(nal);
          first = picture.is_shown ? first : slice;
          picture.is_shown = true;
          picture.ends_period = picture.ends_period || (slice.has_value() && slice->is_reset);
        }
      } else if (type == kH264Sei && !recovery.has_value()) {
        recovery = recovery_frames(NalHead(nal).bytes());
      } else {
        read_parameters(nal);
      }
    });
    picture.is_suspicious = !is_whole || !first.has_value();
    picture.is_droppable = picture.is_droppable && picture.is_shown;
    picture.starts_period = is_idr;
    picture.is_key = is_idr || (picture.is_shown && recovery == 0U);
    if (first.has_value() && is_second_field(*first)) {
      picture.is_shown = false;
      picture.is_key = false;
      picture.starts_period = false;
    }
    return picture;
  }

 private:
  void read_parameters(Bytes nal) {
    const int type = nal.empty() ? 0 : nal[0] & 31;
    if (type != kH264Sequence && type != kH264PictureParameters) {
      return;
    }
    const NalHead head(nal);
    BitReader reader(head.bytes());
    reader.skip(8);
    if (type == kH264Sequence) {
      const std::uint32_t profile = reader.bits(8);
      reader.skip(16);
      const std::uint32_t id = reader.golomb();
      if (id < sequences_.size()) {
        sequences_[id] = read_sequence(reader, profile);
      }
    } else {
      const std::uint32_t id = reader.golomb();
      if (id < parameters_.size()) {
        parameters_[id] = read_picture_parameters(reader);
      }
    }
  }

  // Nothing when its parameter sets have not come.
  std::optional<H264Slice> read_slice(Bytes nal) const {
    // Enough nearly always; with many weights it is longer.
    for (const std::size_t most : {std::size_t{24}, std::size_t{1024}}) {
      const NalHead head(nal.first(std::min(nal.size(), most)));
      BitReader reader(head.bytes());
      const std::optional<H264Slice> slice = read_slice(nal[0], reader);
      if (!reader.is_past_end()) {
        return slice;
      }
    }
    return std::nullopt;
  }

  std::optional<H264Slice> read_slice(unsigned header, BitReader& reader) const {
    reader.skip(8);
    reader.golomb();  // first macroblock
    const std::uint32_t type = reader.golomb() % 5;
    const std::uint32_t id = reader.golomb();
    if (id >= parameters_.size() || !parameters_[id].has_value() ||
        parameters_[id]->sequence >= sequences_.size() ||
        !sequences_[parameters_[id]->sequence].has_value()) {
      return std::nullopt;
    }
    const H264Parameters& parameters = *parameters_[id];
    const H264Sequence& sequence = *sequences_[parameters.sequence];
    H264Slice slice;
    reader.skip(sequence.has_separate_planes ? 2 : 0);
    slice.frame_number = reader.bits(sequence.frame_number_bits);
    slice.is_field = !sequence.has_frames_only && reader.bit() != 0;
    slice.is_bottom = slice.is_field && reader.bit() != 0;
    if ((header & 31U) == kH264Slice && (header & 0x60U) != 0 && !parameters.has_slice_groups) {
      slice.is_reset = has_reset(reader, type, slice.is_field, sequence, parameters);
    }
    return slice;
  }

  // Whether it completes the frame whose first field the packet before was.
  bool is_second_field(const H264Slice& slice) {
    const bool is_second = open_field_.has_value() && slice.is_field &&
                           slice.is_bottom != open_field_->is_bottom &&
                           slice.frame_number == open_field_->frame_number;
    open_field_ = slice.is_field && !is_second ? std::optional(slice) : std::nullopt;
    return is_second;
  }

  std::size_t length_bytes_ = 0;
  std::array<std::optional<H264Sequence>, 32> sequences_ = {};
  std::array<std::optional<H264Parameters>, 256> parameters_ = {};
  std::optional<H264Slice> open_field_ = {};
};

}  // namespace

PictureReader make_h264_reader(Bytes extradata) {
  return make_reader<H264>(PictureOrder::kNumber, extradata);
}

}  // namespace lightly::media::bitstream
