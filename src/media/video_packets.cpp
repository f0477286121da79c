#include "media/video_packets.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>

#include <c10/util/Exception.h>

namespace lightly::media {
namespace {

using bitstream::Picture;
using bitstream::PictureOrder;

std::int64_t known(std::int64_t time) {
  return time >= -kMaxTime && time <= kMaxTime ? time : VideoPacket::kUnknown;
}

// Whether a decoder needs more of the packet than its bytes.
bool changes_decoder(const AVPacket& packet) {
  return std::any_of(packet.side_data, packet.side_data + packet.side_data_elems,
                     [](const AVPacketSideData& data) {
                       return data.type == AV_PKT_DATA_PALETTE ||
                              data.type == AV_PKT_DATA_NEW_EXTRADATA ||
                              data.type == AV_PKT_DATA_PARAM_CHANGE;
                     });
}

// Other parameters of the codec, for which FFmpeg's decoders look with each packet.
std::optional<Bytes> new_extradata(const AVPacket& packet) {
  std::size_t size = 0;
  const std::uint8_t* data = av_packet_get_side_data(&packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
  return data != nullptr ? std::optional(Bytes(data, size)) : std::nullopt;
}

// FFmpeg's parser, for the picture order count.
class OrderNumbers {
 public:
  explicit OrderNumbers(const VideoStream& stream)
      : parser_(av_parser_init(stream.parameters().codec_id)),
        context_(avcodec_alloc_context3(nullptr)) {
    TORCH_CHECK(parser_ != nullptr && context_ != nullptr, stream.cannot("read"),
                ": FFmpeg has no parser for ", avcodec_get_name(stream.parameters().codec_id));
    check_ffmpeg(avcodec_parameters_to_context(context_.get(), &stream.parameters()),
                 stream.cannot("read"));
    parser_->flags |= PARSER_FLAG_COMPLETE_FRAMES;
  }

  void read(const AVPacket& packet, ScannedPacket& scanned) {
    std::uint8_t* data = nullptr;
    int size = 0;
    av_parser_parse2(parser_.get(), context_.get(), &data, &size, packet.data, packet.size,
                     packet.pts, packet.dts, packet.pos);
    period_ += scanned.picture.starts_period ? 1 : 0;
    scanned.period = period_;
    scanned.number = parser_->output_picture_number;
    period_ += scanned.picture.ends_period ? 1 : 0;
  }

 private:
  ParserPtr parser_;
  CodecPtr context_;
  std::int64_t period_ = 0;
};

}  // namespace

PacketScan scan_packets(VideoStream& stream, bool with_numbers) {
  bitstream::PictureReader reader = bitstream::make_picture_reader(stream.parameters());
  PacketScan scan{.order = reader.order,
                  .has_numbers = with_numbers && reader.order == PictureOrder::kNumber};
  std::optional<OrderNumbers> numbers;
  if (scan.has_numbers) {
    numbers.emplace(stream);
  }
  const PacketPtr packet = make_packet();
  while (stream.read(packet.get())) {
    TORCH_CHECK(scan.packets.size() < std::numeric_limits<std::int32_t>::max(),
                stream.cannot("read"), ": it has too many packets");
    if (const auto extradata = new_extradata(*packet)) {
      reader.renew(*extradata);
      // FFmpeg's parser has read the first.
      scan.is_damaged = scan.is_damaged || numbers.has_value();
    }
    ScannedPacket& scanned = scan.packets.emplace_back();
    scanned.packet = {.pts = known(packet->pts),
                      .dts = known(packet->dts),
                      .pos = packet->pos,
                      .size_bytes = packet->size};
    scanned.picture = reader.read({packet->data, static_cast<std::size_t>(packet->size)},
                                  (packet->flags & AV_PKT_FLAG_KEY) != 0);
    scanned.duration = std::clamp<std::int64_t>(packet->duration, 0, kMaxTime);
    scanned.is_discarded = (packet->flags & AV_PKT_FLAG_DISCARD) != 0;
    scan.is_damaged = scan.is_damaged || scanned.picture.is_suspicious;
    scan.has_side_data = scan.has_side_data || changes_decoder(*packet);
    if (numbers.has_value()) {
      numbers->read(*packet, scanned);
    }
  }
  scan.is_damaged = scan.is_damaged || stream.is_damaged();
  return scan;
}

}  // namespace lightly::media
