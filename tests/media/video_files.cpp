#include "media/video_files.hpp"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

extern "C" {
#include <libavutil/adler32.h>
#include <libavutil/imgutils.h>
}

namespace lightly::testing {
namespace {

using media::CodecPtr;
using media::FilterPtr;
using media::FormatPtr;
using media::FramePtr;
using media::make_frame;
using media::make_packet;
using media::PacketPtr;

struct OpenFile {
  FormatPtr format = {};
  int stream = -1;
};

OpenFile open_file(const std::filesystem::path& path, AVMediaType type, std::optional<int> stream) {
  media::quiet_ffmpeg();
  AVFormatContext* format = nullptr;
  if (avformat_open_input(&format, path.c_str(), nullptr, nullptr) < 0) {
    return {};
  }
  OpenFile file{.format = FormatPtr(format)};
  avformat_find_stream_info(format, nullptr);
  file.stream = stream.value_or(av_find_best_stream(format, type, -1, -1, nullptr, 0));
  return file;
}

FilterPtr open_filter(const char* name, const AVCodecParameters& parameters) {
  AVBSFContext* context = nullptr;
  av_bsf_alloc(av_bsf_get_by_name(name), &context);
  FilterPtr filter(context);
  avcodec_parameters_copy(filter->par_in, &parameters);
  av_bsf_init(filter.get());
  return filter;
}

// Of its planes, without what lies between their rows.
std::uint32_t checksum(const AVFrame& frame) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const int size = av_image_get_buffer_size(format, frame.width, frame.height, 1);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  av_image_copy_to_buffer(bytes.data(), size, frame.data, frame.linesize, format, frame.width,
                          frame.height, 1);
  return av_adler32_update(1, bytes.data(), bytes.size());
}

CodecPtr open_decoder(const VideoPackets& video, int flags) {
  media::quiet_ffmpeg();
  CodecPtr decoder(avcodec_alloc_context3(nullptr));
  AVCodecParameters* parameters = avcodec_parameters_alloc();
  avcodec_parameters_from_context(parameters, video.parameters.get());
  avcodec_parameters_to_context(decoder.get(), parameters);
  avcodec_parameters_free(&parameters);
  decoder->thread_count = 1;
  decoder->flags |= flags;
  media::check_ffmpeg(
      avcodec_open2(decoder.get(), avcodec_find_decoder(decoder->codec_id), nullptr),
      "open_decoder");
  return decoder;
}

// Calls `take(frame)` for all that comes out before and after `packet`, null for the end.
template <typename Take>
void feed(AVCodecContext* decoder, const AVPacket* packet, Take&& take) {
  const FramePtr frame = make_frame();
  const auto receive = [&] {
    while (avcodec_receive_frame(decoder, frame.get()) >= 0) {
      take(*frame);
    }
  };
  if (avcodec_send_packet(decoder, packet) == AVERROR(EAGAIN)) {
    receive();
    avcodec_send_packet(decoder, packet);
  }
  receive();
}

// Numbered by pts; all frames come out, also those that an edit list hides.
PacketPtr numbered(const AVPacket& packet, std::size_t number) {
  PacketPtr result(av_packet_clone(&packet));
  result->pts = result->dts = static_cast<std::int64_t>(number);
  result->flags &= ~AV_PKT_FLAG_DISCARD;
  return result;
}

}  // namespace

VideoPackets read_packets(const std::filesystem::path& video, std::optional<int> stream) {
  VideoPackets result;
  const OpenFile file = open_file(video, AVMEDIA_TYPE_VIDEO, stream);
  if (file.stream < 0) {
    return result;
  }
  const AVStream* source = file.format->streams[file.stream];
  const bool is_mpeg4 = source->codecpar->codec_id == AV_CODEC_ID_MPEG4;
  const FilterPtr filter =
      open_filter(is_mpeg4 ? "mpeg4_unpack_bframes" : "null", *source->codecpar);
  result.parameters.reset(avcodec_alloc_context3(nullptr));
  avcodec_parameters_to_context(result.parameters.get(), filter->par_out);
  PacketPtr packet = make_packet();
  const auto take_filtered = [&] {
    PacketPtr filtered = make_packet();
    while (av_bsf_receive_packet(filter.get(), filtered.get()) >= 0) {
      result.packets.push_back(std::exchange(filtered, make_packet()));
    }
  };
  while (av_read_frame(file.format.get(), packet.get()) >= 0) {
    if (packet->stream_index == file.stream && packet->size > 0) {
      av_bsf_send_packet(filter.get(), packet.get());
      take_filtered();
    }
    av_packet_unref(packet.get());
  }
  av_bsf_send_packet(filter.get(), nullptr);
  take_filtered();
  return result;
}

DecodedVideo decode_all(const VideoPackets& video) {
  DecodedVideo result;
  if (video.packets.empty()) {
    return result;
  }
  const CodecPtr by_number = open_decoder(video, 0);
  const CodecPtr by_time = open_decoder(video, 0);
  const auto take = [&](const AVFrame& frame) {
    const auto number = static_cast<std::size_t>(frame.pts);
    if ((video.packets[number]->flags & AV_PKT_FLAG_DISCARD) == 0) {
      result.packets.push_back(static_cast<std::int32_t>(number));
      result.sums.push_back(checksum(frame));
    }
  };
  const auto take_time = [&](const AVFrame& frame) {
    result.times.push_back(frame.best_effort_timestamp);
  };
  for (std::size_t i = 0; i < video.packets.size(); ++i) {
    feed(by_number.get(), numbered(*video.packets[i], i).get(), take);
    feed(by_time.get(), video.packets[i].get(), take_time);
  }
  feed(by_number.get(), nullptr, take);
  feed(by_time.get(), nullptr, take_time);
  return result;
}

std::optional<std::uint32_t> decode_one(const VideoPackets& video, const media::VideoIndex& index,
                                        std::int64_t i) {
  const media::VideoFrame& wanted = index.frames[static_cast<std::size_t>(i)];
  // A decoder that begins at a recovery point would hold frames back that are whole.
  const CodecPtr decoder =
      open_decoder(video, wanted.start_packet > 0 ? AV_CODEC_FLAG_OUTPUT_CORRUPT : 0);
  std::optional<std::uint32_t> sum;
  const auto take = [&](const AVFrame& frame) {
    if (frame.pts == wanted.packet) {
      sum = checksum(frame);
    }
  };
  const auto first = static_cast<std::size_t>(wanted.start_packet);
  for (std::size_t at = first; at < video.packets.size() && !sum.has_value(); ++at) {
    const bool is_before = static_cast<std::int32_t>(at) < wanted.packet;
    if (!is_before || index.is_suspicious || !index.packets[at].is_droppable) {
      feed(decoder.get(), numbered(*video.packets[at], at).get(), take);
    }
  }
  feed(decoder.get(), nullptr, take);
  return sum;
}

std::vector<std::int32_t> frame_packets(const media::VideoIndex& index) {
  std::vector<std::int32_t> packets;
  for (const media::VideoFrame& frame : index.frames) {
    packets.push_back(frame.packet);
  }
  return packets;
}

std::vector<std::int64_t> frame_times(const media::VideoIndex& index) {
  std::vector<std::int64_t> times;
  for (const media::VideoFrame& frame : index.frames) {
    times.push_back(frame.pts);
  }
  return times;
}

// What every index keeps to.
void expect_consistent(const media::VideoIndex& index) {
  for (std::size_t i = 0; i < index.frames.size(); ++i) {
    const media::VideoFrame& frame = index.frames[i];
    ASSERT_EQ(index.packets.at(frame.packet).frame, static_cast<std::int32_t>(i));
    EXPECT_EQ(index.packets[frame.packet].is_key, frame.is_key);
    EXPECT_LE(frame.start_packet, frame.packet);
    EXPECT_GE(frame.start_packet, 0);
    EXPECT_TRUE(index.packets[frame.start_packet].is_key || frame.start_packet == 0);
    // The first key has leading pictures too that need nothing else.
    EXPECT_TRUE(frame.start_packet == 0 ||
                index.packets[frame.start_packet].frame <= static_cast<std::int32_t>(i));
    EXPECT_GE(frame.duration, 0);
    EXPECT_GE(frame.pts, i == 0 ? frame.pts : index.frames[i - 1].pts);
  }
}

// Frame by frame what a decode from the first packet gives, in its order.
void expect_decodes(const media::VideoIndex& index, const std::filesystem::path& video,
                    bool with_times) {
  const VideoPackets packets = read_packets(video, static_cast<int>(index.stream));
  const DecodedVideo decoded = decode_all(packets);
  EXPECT_EQ(frame_packets(index), decoded.packets);
  if (with_times) {
    EXPECT_EQ(frame_times(index), decoded.times);
  }
  expect_consistent(index);
  // Some frames, each from its own start packet without what can be left out.
  const std::int64_t step = std::max<std::int64_t>(index.size() / 7, 1);
  for (std::int64_t i = 0; i < index.size() && i < std::ssize(decoded.sums); i += step) {
    EXPECT_EQ(decode_one(packets, index, i), decoded.sums[i]) << "frame " << i;
  }
}

bool remux(const std::filesystem::path& from, const std::filesystem::path& to,
           const RemuxOptions& options) {
  const OpenFile source = open_file(from, options.type, options.stream);
  if (source.stream < 0) {
    return false;
  }
  AVFormatContext* format = nullptr;
  if (avformat_alloc_output_context2(&format, nullptr, options.format.c_str(), to.c_str()) < 0) {
    return false;
  }
  const std::unique_ptr<AVFormatContext, media::FreeByPointer<avformat_free_context>> out(format);
  AVStream* stream = avformat_new_stream(format, nullptr);
  const AVStream* in = source.format->streams[source.stream];
  // The other muxers see to it themselves.
  const AVCodecID codec = in->codecpar->codec_id;
  const FilterPtr filter = open_filter(options.format != "avi"     ? "null"
                                       : codec == AV_CODEC_ID_H264 ? "h264_mp4toannexb"
                                       : codec == AV_CODEC_ID_HEVC ? "hevc_mp4toannexb"
                                                                   : "null",
                                       *in->codecpar);
  avcodec_parameters_copy(stream->codecpar, filter->par_out);
  // FFmpeg knows none for HEVC in AVI, and without one the stream would be taken for raw pictures.
  stream->codecpar->codec_tag =
      options.format == "avi" && codec == AV_CODEC_ID_HEVC ? MKTAG('H', 'E', 'V', 'C') : 0;
  stream->time_base = in->time_base;
  stream->avg_frame_rate = in->avg_frame_rate;
  if (avio_open(&format->pb, to.c_str(), AVIO_FLAG_WRITE) < 0) {
    return false;
  }
  AVDictionary* settings = nullptr;
  if (!options.mov_flags.empty()) {
    av_dict_set(&settings, "movflags", options.mov_flags.c_str(), 0);
  }
  bool is_right = avformat_write_header(format, &settings) >= 0;
  av_dict_free(&settings);
  const PacketPtr packet = make_packet();
  for (std::size_t i = 0; is_right && av_read_frame(source.format.get(), packet.get()) >= 0;) {
    if (packet->stream_index == source.stream && i++ >= options.first && i <= options.end) {
      packet->stream_index = 0;
      packet->pos = -1;
      av_packet_rescale_ts(packet.get(), in->time_base, stream->time_base);
      is_right = av_bsf_send_packet(filter.get(), packet.get()) >= 0 &&
                 av_bsf_receive_packet(filter.get(), packet.get()) >= 0 &&
                 av_interleaved_write_frame(format, packet.get()) >= 0;
    }
    av_packet_unref(packet.get());
  }
  is_right = is_right && av_write_trailer(format) >= 0;
  avio_closep(&format->pb);
  return is_right;
}

bool write_palettes(const std::filesystem::path& to, int num_frames, int change) {
  media::quiet_ffmpeg();
  AVFormatContext* format = nullptr;
  if (avformat_alloc_output_context2(&format, nullptr, "avi", to.c_str()) < 0) {
    return false;
  }
  const std::unique_ptr<AVFormatContext, media::FreeByPointer<avformat_free_context>> out(format);
  AVStream* stream = avformat_new_stream(format, nullptr);
  stream->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
  stream->codecpar->codec_id = AV_CODEC_ID_RAWVIDEO;
  stream->codecpar->format = AV_PIX_FMT_PAL8;
  stream->codecpar->bits_per_coded_sample = 8;
  stream->codecpar->width = 8;
  stream->codecpar->height = 6;
  stream->time_base = {1, 10};
  stream->avg_frame_rate = {10, 1};
  bool is_right = avio_open(&format->pb, to.c_str(), AVIO_FLAG_WRITE) >= 0 &&
                  avformat_write_header(format, nullptr) >= 0;
  const PacketPtr packet = make_packet();
  for (int i = 0; is_right && i < num_frames; ++i) {
    av_packet_unref(packet.get());
    is_right = av_new_packet(packet.get(), 8 * 6) >= 0;
    for (int at = 0; at < 8 * 6; ++at) {
      packet->data[at] = static_cast<std::uint8_t>(at + i);
    }
    std::uint8_t* palette =
        av_packet_new_side_data(packet.get(), AV_PKT_DATA_PALETTE, AVPALETTE_SIZE);
    for (int at = 0; at < AVPALETTE_SIZE; ++at) {
      palette[at] = static_cast<std::uint8_t>(i < change ? at / 4 : 255 - at % 251);
    }
    packet->flags |= AV_PKT_FLAG_KEY;
    packet->pts = packet->dts = i;
    packet->duration = 1;
    is_right = av_interleaved_write_frame(format, packet.get()) >= 0;
  }
  is_right = is_right && av_write_trailer(format) >= 0;
  avio_closep(&format->pb);
  return is_right;
}

}  // namespace lightly::testing
