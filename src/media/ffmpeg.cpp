#include "media/ffmpeg.hpp"

#include <array>

#include <c10/util/Exception.h>

namespace lightly::media {

void quiet_ffmpeg() {
  static const bool once = [] {
    if (av_log_get_level() == AV_LOG_INFO) {  // FFmpeg's own default
      av_log_set_level(AV_LOG_QUIET);
    }
    return true;
  }();
  static_cast<void>(once);
}

std::string ffmpeg_reason(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text = {};
  av_strerror(code, text.data(), text.size());
  return text.data();
}

int check_ffmpeg(int code, const std::string& what) {
  TORCH_CHECK(code >= 0, what, ": ", ffmpeg_reason(code));
  return code;
}

PacketPtr make_packet() {
  PacketPtr packet(av_packet_alloc());
  TORCH_CHECK(packet != nullptr, "VideoReader: out of memory");
  return packet;
}

FramePtr make_frame() {
  FramePtr frame(av_frame_alloc());
  TORCH_CHECK(frame != nullptr, "VideoReader: out of memory");
  return frame;
}

}  // namespace lightly::media
