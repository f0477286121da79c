#pragma once

#include <memory>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libswscale/swscale.h>
}

/// Owners of FFmpeg's objects, and its errors.
namespace lightly::media {

/// Frees by a function that takes the address of the pointer, as most of FFmpeg's do.
template <auto kFree>
struct FreeByAddress {
  template <typename T>
  void operator()(T* object) const {
    kFree(&object);
  }
};

template <auto kFree>
struct FreeByPointer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using FormatPtr = std::unique_ptr<AVFormatContext, FreeByAddress<avformat_close_input>>;
using CodecPtr = std::unique_ptr<AVCodecContext, FreeByAddress<avcodec_free_context>>;
using ParserPtr = std::unique_ptr<AVCodecParserContext, FreeByPointer<av_parser_close>>;
using FilterPtr = std::unique_ptr<AVBSFContext, FreeByAddress<av_bsf_free>>;
using PacketPtr = std::unique_ptr<AVPacket, FreeByAddress<av_packet_free>>;
using FramePtr = std::unique_ptr<AVFrame, FreeByAddress<av_frame_free>>;
using ScalerPtr = std::unique_ptr<SwsContext, FreeByPointer<sws_freeContext>>;

/// The library never prints: the first call silences FFmpeg's log, which is one for the process,
/// unless the program has set its level. To be called before FFmpeg is used.
void quiet_ffmpeg();

/// FFmpeg's text for an error code.
std::string ffmpeg_reason(int code);

/// Gives `code` back when it is not negative; otherwise throws c10::Error of `what` and FFmpeg's
/// reason: "VideoReader: cannot open x.mp4: Invalid data found when processing input".
int check_ffmpeg(int code, const std::string& what);

/// Throws c10::Error when an allocation failed.
PacketPtr make_packet();
FramePtr make_frame();

}  // namespace lightly::media
