#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "media/video_packets.hpp"

namespace lightly::media {
namespace {

// Feeds a decoder and notes which packets' pictures come out.
class WholeDecoder {
 public:
  WholeDecoder(const VideoStream& stream, std::size_t packets)
      : decoder_(open_decoder(stream)),
        frame_(make_frame()),
        has_come_(packets),
        result_{.first_bad = static_cast<std::int32_t>(packets)} {}

  void send(AVPacket* packet, std::int32_t ordinal) {
    // The frame then names its packet, whatever its times are worth; what the edit list discards
    // comes out too, so that all decoders agree.
    packet->pts = packet->dts = ordinal;
    packet->flags &= ~AV_PKT_FLAG_DISCARD;
    ordinal_ = ordinal;
    int code = avcodec_send_packet(decoder_.get(), packet);
    if (code == AVERROR(EAGAIN)) {
      receive();
      code = avcodec_send_packet(decoder_.get(), packet);
    }
    note(code);
    receive();
  }

  WholeDecode finish() {
    avcodec_send_packet(decoder_.get(), nullptr);
    receive();
    return std::move(result_);
  }

 private:
  void receive() {
    int code = 0;
    while ((code = avcodec_receive_frame(decoder_.get(), frame_.get())) >= 0) {
      const std::int64_t ordinal = frame_->pts;
      if (ordinal < 0 || ordinal > ordinal_ || has_come_[static_cast<std::size_t>(ordinal)]) {
        note(AVERROR_INVALIDDATA);
        continue;
      }
      has_come_[static_cast<std::size_t>(ordinal)] = true;
      result_.packets.push_back(static_cast<std::int32_t>(ordinal));
      if (frame_->decode_error_flags != 0 || (frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
        result_.first_bad = std::min(result_.first_bad, static_cast<std::int32_t>(ordinal));
      }
    }
    note(code);
  }

  void note(int code) {
    if (code < 0 && code != AVERROR(EAGAIN) && code != AVERROR_EOF) {
      result_.first_bad = std::min(result_.first_bad, ordinal_);
    }
  }

  CodecPtr decoder_;
  FramePtr frame_;
  std::vector<bool> has_come_;
  std::int32_t ordinal_ = 0;
  WholeDecode result_;
};

}  // namespace

WholeDecode decode_whole(VideoStream& stream, const PacketScan& scan) {
  WholeDecoder decoder(stream, scan.packets.size());
  const PacketPtr packet = make_packet();
  for (std::size_t i = 0; i < scan.packets.size() && stream.read(packet.get()); ++i) {
    decoder.send(packet.get(), static_cast<std::int32_t>(i));
  }
  return decoder.finish();
}

}  // namespace lightly::media
