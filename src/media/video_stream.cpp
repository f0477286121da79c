#include "media/video_stream.hpp"

#include <string_view>
#include <utility>

#include <c10/util/Exception.h>

#include "media/ffmpeg.hpp"

extern "C" {
#include <libavutil/dict.h>
}

namespace lightly::media {
namespace {

// A demuxer may ask to be called again; one that never stops asking is at its end.
constexpr int kMaxRetries = 64;

bool is_video(const AVStream& stream) {
  return stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
         (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
}

int count_video_streams(const AVFormatContext& format) {
  int count = 0;
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    count += is_video(*format.streams[i]) ? 1 : 0;
  }
  return count;
}

// Whether the headers say all that avformat_find_stream_info would find by reading on, which takes
// as long as indexing a minute. Between several streams it makes a difference for the best.
bool headers_suffice(const AVFormatContext& format, bool is_chosen) {
  const std::string_view name = format.iformat->name;
  const bool is_mov = name.starts_with("mov,");
  if ((!is_mov && name != "avi") || (!is_chosen && count_video_streams(format) != 1)) {
    return false;
  }
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    const AVCodecParameters& parameters = *format.streams[i]->codecpar;
    // How many frames H.264 reorders is in the tables of mov; in AVI only decoding shows it.
    if (is_video(*format.streams[i]) &&
        (parameters.codec_id == AV_CODEC_ID_NONE || parameters.width <= 0 ||
         parameters.height <= 0 || (!is_mov && parameters.codec_id != AV_CODEC_ID_MPEG4))) {
      return false;
    }
  }
  return true;
}

}  // namespace

VideoStream::VideoStream(std::string callee, const std::filesystem::path& video,
                         std::optional<std::int64_t> stream)
    : callee_(std::move(callee)), name_(video.string()) {
  quiet_ffmpeg();
  open(name_);
  if (headers_suffice(*format_, stream.has_value())) {
    // The tables of mov have all times, durations and keys; inferring them takes a third of a scan.
    if (std::string_view(format_->iformat->name).starts_with("mov,")) {
      format_->flags |= AVFMT_FLAG_NOFILLIN | AVFMT_FLAG_NOPARSE;
    }
  } else {
    check_ffmpeg(avformat_find_stream_info(format_.get(), nullptr), cannot("open"));
  }
  choose(stream);
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    if (format_->streams[i] != stream_) {
      format_->streams[i]->discard = AVDISCARD_ALL;
    }
  }
  TORCH_CHECK(avcodec_find_decoder(stream_->codecpar->codec_id) != nullptr, cannot("open"),
              ": FFmpeg has no decoder for ", avcodec_get_name(stream_->codecpar->codec_id));
  start_filter();
}

void VideoStream::open(const std::string& name) {
  // Always a file: its name must not be taken for an address, nor may a playlist lead elsewhere.
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", "file", 0);
  AVFormatContext* format = nullptr;
  const int code = avformat_open_input(&format, ("file:" + name).c_str(), nullptr, &options);
  av_dict_free(&options);
  format_.reset(format);  // null after an error
  check_ffmpeg(code, cannot("open"));
}

void VideoStream::choose(std::optional<std::int64_t> stream) {
  if (stream.has_value()) {
    TORCH_CHECK(*stream < format_->nb_streams && is_video(*format_->streams[*stream]),
                cannot("open"), ": stream ", *stream, " is no video stream; the file has ",
                format_->nb_streams, " streams");
    stream_ = format_->streams[*stream];
    return;
  }
  TORCH_CHECK(count_video_streams(*format_) > 0, cannot("open"), ": it has no video stream");
  int best = av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  for (int i = 0; best < 0 || !is_video(*format_->streams[best]); ++i) {
    best = i;  // FFmpeg's choice was an attached picture
  }
  stream_ = format_->streams[best];
}

void VideoStream::start_filter() {
  if (stream_->codecpar->codec_id != AV_CODEC_ID_MPEG4) {
    return;
  }
  const AVBitStreamFilter* filter = av_bsf_get_by_name("mpeg4_unpack_bframes");
  TORCH_CHECK(filter != nullptr, cannot("open"), ": FFmpeg has no mpeg4_unpack_bframes");
  AVBSFContext* context = nullptr;
  check_ffmpeg(av_bsf_alloc(filter, &context), cannot("open"));
  filter_.reset(context);
  check_ffmpeg(avcodec_parameters_copy(context->par_in, stream_->codecpar), cannot("open"));
  context->time_base_in = stream_->time_base;
  check_ffmpeg(av_bsf_init(context), cannot("open"));
}

const AVCodecParameters& VideoStream::parameters() const {
  return filter_ != nullptr ? *filter_->par_out : *stream_->codecpar;
}

bool VideoStream::read_unfiltered(AVPacket* packet) {
  for (int retries = 0; !is_at_end_;) {
    const int code = av_read_frame(format_.get(), packet);
    if (code >= 0) {
      // A decoder takes an empty packet for the end of the stream.
      if (packet->stream_index == stream_->index && packet->size > 0) {
        is_damaged_ = is_damaged_ || (packet->flags & AV_PKT_FLAG_CORRUPT) != 0;
        return true;
      }
      av_packet_unref(packet);
    } else if (code != AVERROR(EAGAIN) || ++retries > kMaxRetries) {
      is_at_end_ = true;
      const bool is_cut = format_->pb != nullptr && format_->pb->error < 0;
      is_damaged_ = is_damaged_ || code != AVERROR_EOF || is_cut;
    }
  }
  return false;
}

bool VideoStream::read(AVPacket* packet) {
  av_packet_unref(packet);
  if (filter_ == nullptr) {
    return read_unfiltered(packet);
  }
  while (true) {
    const int code = av_bsf_receive_packet(filter_.get(), packet);
    if (code >= 0) {
      return true;
    }
    if (code == AVERROR_EOF) {
      return false;
    }
    is_damaged_ = is_damaged_ || code != AVERROR(EAGAIN);  // the packet is not one of MPEG-4
    const bool is_packet = read_unfiltered(packet);
    if (av_bsf_send_packet(filter_.get(), is_packet ? packet : nullptr) < 0) {
      is_damaged_ = true;
      av_packet_unref(packet);
      if (!is_packet) {
        return false;
      }
    }
  }
}

void VideoStream::restart() {
  is_at_end_ = false;
  if (filter_ != nullptr) {
    av_bsf_flush(filter_.get());
  }
}

std::string VideoStream::cannot(const std::string& what) const {
  return callee_ + ": cannot " + what + " " + name_;
}

CodecPtr open_decoder(const VideoStream& stream, const DecoderOptions& options) {
  const AVCodecParameters& parameters = stream.parameters();
  const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
  CodecPtr decoder(avcodec_alloc_context3(codec));
  TORCH_CHECK(decoder != nullptr, stream.cannot("decode"), ": out of memory");
  check_ffmpeg(avcodec_parameters_to_context(decoder.get(), &parameters), stream.cannot("decode"));
  decoder->thread_count = options.num_threads;
  decoder->thread_type = options.thread_type;
  decoder->flags |= options.flags;
  check_ffmpeg(avcodec_open2(decoder.get(), codec, nullptr), stream.cannot("decode"));
  return decoder;
}

}  // namespace lightly::media
