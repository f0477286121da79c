#include "media/plain_video.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>
#include <string_view>

#include <torch/types.h>

#include "lightly/core/random.hpp"
#include "media/ffmpeg.hpp"
#include "support/matchers.hpp"

namespace lightly::testing {
namespace {

using namespace lightly::media;

// A file and its best video stream.
struct PlainInput {
  explicit PlainInput(const std::filesystem::path& video) {
    quiet_ffmpeg();
    AVFormatContext* context = nullptr;
    if (avformat_open_input(&context, video.c_str(), nullptr, nullptr) < 0) {
      throw std::runtime_error("FFmpeg does not open " + video.string());
    }
    format.reset(context);
    if (avformat_find_stream_info(context, nullptr) < 0 ||
        (stream = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0)) < 0) {
      throw std::runtime_error("FFmpeg finds no video in " + video.string());
    }
    parameters = context->streams[stream]->codecpar;
  }

  FormatPtr format;
  int stream = -1;
  const AVCodecParameters* parameters = nullptr;
};

at::Tensor to_rgb(const AVFrame& picture) {
  const ScalerPtr scaler(sws_getContext(
      picture.width, picture.height, static_cast<AVPixelFormat>(picture.format), picture.width,
      picture.height, AV_PIX_FMT_RGB24, SWS_BICUBIC, nullptr, nullptr, nullptr));
  int* tables[2] = {};
  std::array<int, 5> details = {};
  sws_getColorspaceDetails(scaler.get(), &tables[0], &details[0], &tables[1], &details[1],
                           &details[2], &details[3], &details[4]);
  if (picture.color_range != AVCOL_RANGE_UNSPECIFIED) {
    details[0] = picture.color_range == AVCOL_RANGE_JPEG ? 1 : 0;
  }
  const int* matrix = sws_getCoefficients(picture.colorspace);
  sws_setColorspaceDetails(scaler.get(), matrix, details[0], matrix, details[1], details[2],
                           details[3], details[4]);
  // FFmpeg's own buffer, whose rows have all the room that swscale may want.
  const FramePtr rgb = make_frame();
  rgb->format = AV_PIX_FMT_RGB24;
  rgb->width = picture.width;
  rgb->height = picture.height;
  if (av_frame_get_buffer(rgb.get(), 0) < 0) {
    throw std::runtime_error("out of memory");
  }
  sws_scale(scaler.get(), picture.data, picture.linesize, 0, picture.height, rgb->data,
            rgb->linesize);
  return torch::from_blob(rgb->data[0], {picture.height, picture.width, 3},
                          {rgb->linesize[0], 3, 1}, torch::kUInt8)
      .clone(at::MemoryFormat::Contiguous)
      .permute({2, 0, 1});
}

}  // namespace

std::int64_t decode_plainly(const std::filesystem::path& video,
                            const std::function<void(std::int64_t, const at::Tensor&)>& take) {
  const PlainInput input(video);
  const AVCodec* codec = avcodec_find_decoder(input.parameters->codec_id);
  const CodecPtr decoder(avcodec_alloc_context3(codec));
  avcodec_parameters_to_context(decoder.get(), input.parameters);
  if (avcodec_open2(decoder.get(), codec, nullptr) < 0) {
    throw std::runtime_error("FFmpeg does not decode " + video.string());
  }
  const PacketPtr packet = make_packet();
  const FramePtr picture = make_frame();
  std::int64_t count = 0;
  const auto receive = [&] {
    while (avcodec_receive_frame(decoder.get(), picture.get()) >= 0) {
      take(count++, to_rgb(*picture));
    }
  };
  while (av_read_frame(input.format.get(), packet.get()) >= 0) {
    if (packet->stream_index == input.stream) {
      avcodec_send_packet(decoder.get(), packet.get());
      receive();
    }
    av_packet_unref(packet.get());
  }
  avcodec_send_packet(decoder.get(), nullptr);
  receive();
  return count;
}

at::Tensor decode_plainly(const std::filesystem::path& video) {
  std::vector<at::Tensor> frames;
  decode_plainly(video, [&](std::int64_t, const at::Tensor& frame) { frames.push_back(frame); });
  return torch::stack(frames);
}

std::size_t hash_of(const at::Tensor& frame) {
  const at::Tensor pixels = frame.permute({1, 2, 0}).contiguous();
  return std::hash<std::string_view>()({static_cast<const char*>(pixels.const_data_ptr()),
                                        static_cast<std::size_t>(pixels.numel())});
}

std::vector<std::size_t> plain_hashes(const std::filesystem::path& video) {
  std::vector<std::size_t> hashes;
  decode_plainly(video,
                 [&](std::int64_t, const at::Tensor& frame) { hashes.push_back(hash_of(frame)); });
  return hashes;
}

std::filesystem::path clip(const std::string& name) {
  const std::filesystem::path generated = test_data("video/generated/" + name);
  return std::filesystem::exists(generated) ? generated : test_data("video/torchcodec/" + name);
}

const std::vector<std::string>& clips() {
  static const std::vector<std::string> names = {"av1_video.mkv",
                                                 "bt601_full_range.mp4",
                                                 "discard_first_keyframe.mp4",
                                                 "h264_10bits.mp4",
                                                 "h265_12bits.mp4",
                                                 "h265_video.mp4",
                                                 "nasa_13013_rotated.mp4",
                                                 "test_non_zero_start.mp4",
                                                 "testsrc2_odd_height_and_width_444.mp4",
                                                 "testsrc2_odd_height_and_width_mpeg2.mp4"};
  return names;
}

std::vector<std::int64_t> all_frames(const media::VideoReader& reader) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(reader.size()));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

std::vector<std::int64_t> draw(std::int64_t size, std::int64_t count) {
  core::Random random(7);
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  for (std::int64_t& i : indices) {
    i = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(size)));
  }
  return indices;
}

::testing::AssertionResult reads(media::VideoReader& reader,
                                 const std::vector<std::int64_t>& indices,
                                 const std::vector<std::size_t>& expected) {
  for (const std::int64_t i : indices) {
    if (hash_of(reader.frame(i)) != expected.at(static_cast<std::size_t>(i))) {
      return ::testing::AssertionFailure()
             << reader.path() << ": frame " << i << " is another than that of a plain decode";
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace lightly::testing
