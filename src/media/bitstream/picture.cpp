#include "media/bitstream/picture.hpp"

extern "C" {
#include <libavcodec/codec_desc.h>
}

namespace lightly::media::bitstream {
namespace {

// A codec whose packets are not read: the container is believed.
PictureReader make_other_reader(AVCodecID codec) {
  const AVCodecDescriptor* descriptor = avcodec_descriptor_get(codec);
  const int properties = descriptor != nullptr ? descriptor->props : 0;
  const bool is_intra = (properties & AV_CODEC_PROP_INTRA_ONLY) != 0;
  const bool reorders = descriptor == nullptr || (properties & AV_CODEC_PROP_REORDER) != 0;
  return {.order = reorders && !is_intra ? PictureOrder::kTime : PictureOrder::kDecoding,
          .read = [is_intra](Bytes, bool is_key) {
            return Picture{.is_key = is_key || is_intra,
                           .is_droppable = is_intra,
                           .kind = is_intra ? PictureKind::kIntra : PictureKind::kPredicted};
          }};
}

}  // namespace

PictureReader make_picture_reader(const AVCodecParameters& parameters) {
  const Bytes extradata(parameters.extradata, static_cast<std::size_t>(parameters.extradata_size));
  switch (parameters.codec_id) {
    case AV_CODEC_ID_H264:
      return make_h264_reader(extradata);
    case AV_CODEC_ID_HEVC:
      return make_hevc_reader(extradata);
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
      return make_mpeg12_reader(extradata);
    case AV_CODEC_ID_MPEG4:
      return make_mpeg4_reader(extradata);
    case AV_CODEC_ID_VP8:
      return make_vp8_reader();
    case AV_CODEC_ID_VP9:
      return make_vp9_reader();
    case AV_CODEC_ID_AV1:
      return make_av1_reader(extradata);
    default:
      return make_other_reader(parameters.codec_id);
  }
}

}  // namespace lightly::media::bitstream
