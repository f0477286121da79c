#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "media/image_bytes.hpp"

extern "C" {
#include <libavcodec/codec_par.h>
}

/// What packets say of their pictures in the first bytes of each; nothing is decoded.
namespace lightly::media::bitstream {

enum class PictureKind {
  kIntra,
  kPredicted,
  kBidirectional,  ///< MPEG-1, 2 and 4: shown before the reference it was sent after
};

struct Picture {
  /// Whether a frame comes of it in a decode from the stream's first key on.
  bool is_shown = true;
  /// Whether decoding can begin here: what is shown after it needs nothing sent before it.
  bool is_key = false;
  /// Whether numbers of order start anew with it (H.264 and HEVC).
  bool starts_period = false;
  /// Whether they start anew with the next one in decoding order.
  bool ends_period = false;
  /// Whether no picture of its own temporal layer or below refers to it.
  bool is_droppable = false;
  /// Its temporal layer: a droppable one is not referred to only if there is no higher layer.
  int layer = 0;
  PictureKind kind = PictureKind::kPredicted;
  /// Whether the packet is not as its codec wants it, so that only decoding tells what comes of it.
  bool is_suspicious = false;
};

/// How frames come from decoding order to order of presentation.
enum class PictureOrder {
  kDecoding,  ///< no reordering
  kKind,      ///< by PictureKind
  kNumber,    ///< by the picture order count, which FFmpeg's parser gives
  kTime,      ///< only the container's times tell
};

/// Reads the packets of a stream one after the other, in decoding order.
struct PictureReader {
  PictureOrder order = PictureOrder::kTime;
  /// `is_key` is the container's opinion, which counts where the codec has no reader of its own.
  std::function<Picture(Bytes packet, bool is_key)> read;
  /// Takes other parameters of the codec, which count from the next packet on.
  std::function<void(Bytes extradata)> renew = [](Bytes) {};
};

/// Of a class that remembers what earlier packets of its codec said.
template <typename Codec, typename... Arguments>
PictureReader make_reader(PictureOrder order, const Arguments&... arguments) {
  const auto codec = std::make_shared<Codec>(arguments...);
  PictureReader reader{.order = order,
                       .read = [codec](Bytes packet, bool) { return codec->read(packet); }};
  if constexpr (requires { codec->renew(Bytes()); }) {
    reader.renew = [codec](Bytes extradata) { codec->renew(extradata); };
  }
  return reader;
}

PictureReader make_picture_reader(const AVCodecParameters& parameters);

PictureReader make_h264_reader(Bytes extradata);
PictureReader make_hevc_reader(Bytes extradata);
PictureReader make_mpeg12_reader(Bytes extradata);
PictureReader make_mpeg4_reader(Bytes extradata);
PictureReader make_vp8_reader();
PictureReader make_vp9_reader();
PictureReader make_av1_reader(Bytes extradata);

}  // namespace lightly::media::bitstream
