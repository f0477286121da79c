#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "media/bitstream/bits.hpp"
#include "media/bitstream/picture.hpp"

// ITU-T H.265, 7.3 and 7.4.2.2: the types of NAL units say nearly all.
namespace lightly::media::bitstream {
namespace {

constexpr int kHevcRaslN = 8;
constexpr int kHevcRaslR = 9;
constexpr int kHevcLastOther = 9;
constexpr int kHevcBlaFirst = 16;
constexpr int kHevcBlaLast = 18;
constexpr int kHevcIdrFirst = 19;
constexpr int kHevcIdrLast = 20;
constexpr int kHevcCra = 21;
constexpr int kHevcSequence = 33;
constexpr int kHevcPictureParameters = 34;
constexpr int kHevcEndOfSequence = 36;
constexpr int kHevcEndOfBitstream = 37;

class Hevc {
 public:
  explicit Hevc(Bytes extradata) { renew(extradata); }

  void renew(Bytes extradata) {
    length_bytes_ = 0;
    const bool is_hvcc =
        extradata.size() > 23 && (extradata[0] != 0 || extradata[1] != 0 || extradata[2] > 1);
    if (!is_hvcc) {
      for_each_nal(extradata, 0, [&](Bytes nal) { read_parameters(nal); });
      return;
    }
    length_bytes_ = (extradata[21] & 3U) + 1;
    std::size_t at = 23;
    for (unsigned array = 0; array < extradata[22] && at + 3 <= extradata.size(); ++array) {
      const std::uint64_t count = big_endian(extradata, at + 1, 2);
      at += 3;
      for (std::uint64_t i = 0; i < count && at + 2 <= extradata.size(); ++i) {
        const std::size_t size = big_endian(extradata, at, 2);
        at += 2;
        read_parameters(extradata.subspan(at, std::min(size, extradata.size() - at)));
        at = std::min(at + size, extradata.size());
      }
    }
  }

  Picture read(Bytes packet) {
    Picture picture{.is_shown = false};
    int slice_type = -1;
    bool ends = false;
    const bool is_whole = for_each_nal(packet, length_bytes_, [&](Bytes nal) {
      if (nal.size() < 2 || layer_of(nal) != 0) {
        return;
      }
      const int type = type_of(nal);
      const bool is_slice = type <= kHevcLastOther || (type >= kHevcBlaFirst && type <= kHevcCra);
      if (is_slice && slice_type < 0) {
        slice_type = type;
        picture.layer = (nal[1] & 7) - 1;
      } else if (type == kHevcEndOfSequence || type == kHevcEndOfBitstream) {
        // Before the slices it is the end of what came before.
        (slice_type < 0 ? is_after_end_ : ends) = true;
      } else if (!is_slice) {
        read_parameters(nal);
      }
    });
    if (slice_type >= 0) {
      read_slice_type(slice_type, picture);
    }
    is_after_end_ = is_after_end_ || ends;
    // Whether a picture is output may be said in slices' headers, further in than is read here.
    picture.is_suspicious = !is_whole || slice_type < 0 || !has_sequence_ || has_output_flags_;
    return picture;
  }

 private:
  static int type_of(Bytes nal) { return (nal[0] >> 1) & 63; }
  static int layer_of(Bytes nal) { return ((nal[0] & 1) << 5) | (nal[1] >> 3); }

  void read_parameters(Bytes nal) {
    if (nal.size() < 3) {
      return;
    }
    has_sequence_ = has_sequence_ || type_of(nal) == kHevcSequence;
    if (type_of(nal) == kHevcPictureParameters) {
      const NalHead head(nal.first(std::min<std::size_t>(nal.size(), 16)));
      BitReader reader(head.bytes());
      reader.skip(16);
      reader.golomb();  // its number
      reader.golomb();  // the sequence's
      reader.bit();
      has_output_flags_ = has_output_flags_ || reader.bit() != 0;
    }
  }

  void read_slice_type(int type, Picture& picture) {
    picture.is_key = type >= kHevcBlaFirst && type <= kHevcCra;
    if (picture.is_key) {
      const bool is_idr = type >= kHevcIdrFirst && type <= kHevcIdrLast;
      picture.starts_period = is_idr || type <= kHevcBlaLast || is_after_end_;
      skips_leading_ = picture.starts_period;
      is_after_end_ = false;
    }
    const bool is_skipped = skips_leading_ && (type == kHevcRaslN || type == kHevcRaslR);
    picture.is_shown = !is_skipped;
    picture.is_droppable = type < kHevcBlaFirst && type % 2 == 0;
  }

  std::size_t length_bytes_ = 0;
  bool has_sequence_ = false;
  bool has_output_flags_ = false;
  // Leading pictures that refer to what came before the last key, which is not there.
  bool skips_leading_ = false;
  bool is_after_end_ = true;
};

}  // namespace

PictureReader make_hevc_reader(Bytes extradata) {
  return make_reader<Hevc>(PictureOrder::kNumber, extradata);
}

}  // namespace lightly::media::bitstream
