// Frames of videos by number, one decoder thread: video_bench FILE... [--benchmark_...]
//
// For each file: `open` reads the index, `open_first` also the first frame, `open_cached` takes the
// index from a cache; `random` gives one frame after another at random, and so do `decoding`,
// without colour conversion, and `decoding_by_seeks`, where the demuxer seeks to each packet;
// `sorted_100` gives 100 of all frames in one call, `sequential` all of them (at most 1,800) one by
// one, and `raw` the same by nothing but libavformat, libavcodec and swscale into one buffer.
// Frames are drawn as in peers/video/measure.py. Rates by processor time, which other programs on
// the machine disturb less.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "lightly/media/video_reader.hpp"
#include "media/decoder_pool.hpp"
#include "media/ffmpeg.hpp"
#include "media/packet_source.hpp"

namespace {

using namespace lightly::media;
namespace fs = std::filesystem;

constexpr std::int64_t kMostInSequence = 1800;

// The same numbers as in Python.
class Draw {
 public:
  std::int64_t below(std::int64_t n) {
    state_ = (state_ * 1103515245 + 12345) % (std::int64_t{1} << 31);
    return (state_ >> 8) % n;
  }

 private:
  std::int64_t state_ = 1;
};

void measure_open(benchmark::State& state, const fs::path& video, bool with_frame) {
  for (auto _ : state) {
    VideoReader reader(video);
    if (with_frame) {
      benchmark::DoNotOptimize(reader.frame(0));
    }
  }
}

void measure_open_cached(benchmark::State& state, const fs::path& video) {
  const fs::path folder = fs::temp_directory_path() / "lightly_video_bench";
  fs::create_directories(folder);
  const VideoReader first(video, {.index_folder = folder});
  for (auto _ : state) {
    VideoReader reader(video, {.index_folder = folder});
    benchmark::DoNotOptimize(reader.size());
  }
  fs::remove_all(folder);
}

void measure_random(benchmark::State& state, const fs::path& video,
                    const VideoReaderOptions& options) {
  VideoReader reader(video, options);
  Draw draw;
  for (auto _ : state) {
    benchmark::DoNotOptimize(reader.frame(draw.below(reader.size())));
  }
  state.SetItemsProcessed(state.iterations());
  const VideoReaderStatistics statistics = reader.statistics();
  state.counters["decoded"] =
      static_cast<double>(statistics.frames_decoded) / static_cast<double>(statistics.frames_given);
}

// Without conversion, so that the difference is that of the packets.
void measure_decoding(benchmark::State& state, const fs::path& video, bool by_seeks) {
  const VideoIndex index = read_video_index(video);
  PacketSource source(video, index);
  if (by_seeks) {
    source.use_demuxer();
  }
  const VideoReaderOptions options;
  DecoderPool pool(source, index,
                   {.max_decoders = options.max_decoders, .max_bytes = options.max_decoder_bytes});
  Draw draw;
  for (auto _ : state) {
    const auto i = static_cast<std::int32_t>(draw.below(index.size()));
    benchmark::DoNotOptimize(pool.decode(i, false).data[0]);
  }
  state.SetItemsProcessed(state.iterations());
}

void measure_sorted_100(benchmark::State& state, const fs::path& video) {
  VideoReader reader(video);
  Draw draw;
  std::vector<std::int64_t> indices(100);
  for (auto _ : state) {
    for (std::int64_t& i : indices) {
      i = draw.below(reader.size());
    }
    std::sort(indices.begin(), indices.end());
    benchmark::DoNotOptimize(reader.frames(indices));
  }
  state.SetItemsProcessed(state.iterations() * 100);
}

void measure_sequential(benchmark::State& state, const fs::path& video) {
  std::int64_t frames = 0;
  VideoReader reader(video);
  const std::int64_t count = std::min(reader.size(), kMostInSequence);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < count; ++i) {
      benchmark::DoNotOptimize(reader.frame(i));
    }
    frames += count;
  }
  state.SetItemsProcessed(frames);
}

// Errors are not looked at: this is what can be had.
void measure_raw(benchmark::State& state, const fs::path& video) {
  AVFormatContext* context = nullptr;
  check_ffmpeg(avformat_open_input(&context, video.c_str(), nullptr, nullptr), "raw");
  const FormatPtr format(context);
  check_ffmpeg(avformat_find_stream_info(context, nullptr), "raw");
  const int stream = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  const AVCodecParameters& parameters = *context->streams[stream]->codecpar;
  const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
  const CodecPtr decoder(avcodec_alloc_context3(codec));
  avcodec_parameters_to_context(decoder.get(), &parameters);
  decoder->thread_count = 1;
  check_ffmpeg(avcodec_open2(decoder.get(), codec, nullptr), "raw");
  const PacketPtr packet = make_packet();
  const FramePtr picture = make_frame();
  const FramePtr rgb = make_frame();
  rgb->format = AV_PIX_FMT_RGB24;
  rgb->width = parameters.width;
  rgb->height = parameters.height;
  check_ffmpeg(av_frame_get_buffer(rgb.get(), 0), "raw");
  ScalerPtr scaler;
  std::int64_t frames = 0;
  const auto receive = [&](std::int64_t end) {
    while (frames < end && avcodec_receive_frame(decoder.get(), picture.get()) >= 0) {
      if (scaler == nullptr) {
        scaler.reset(sws_getContext(picture->width, picture->height,
                                    static_cast<AVPixelFormat>(picture->format), picture->width,
                                    picture->height, AV_PIX_FMT_RGB24, SWS_BICUBIC, nullptr,
                                    nullptr, nullptr));
        const int* matrix = sws_getCoefficients(picture->colorspace);
        const int is_full = picture->color_range == AVCOL_RANGE_JPEG ? 1 : 0;
        sws_setColorspaceDetails(scaler.get(), matrix, is_full, matrix, 0, 0, 1 << 16, 1 << 16);
      }
      sws_scale(scaler.get(), picture->data, picture->linesize, 0, picture->height, rgb->data,
                rgb->linesize);
      benchmark::DoNotOptimize(rgb->data[0][0]);
      ++frames;
    }
  };
  for (auto _ : state) {
    const std::int64_t end = frames + kMostInSequence;
    av_seek_frame(context, stream, 0, AVSEEK_FLAG_BACKWARD);
    avcodec_flush_buffers(decoder.get());
    while (frames < end && av_read_frame(context, packet.get()) >= 0) {
      if (packet->stream_index == stream) {
        avcodec_send_packet(decoder.get(), packet.get());
        receive(end);
      }
      av_packet_unref(packet.get());
    }
    avcodec_send_packet(decoder.get(), nullptr);
    receive(end);
  }
  state.SetItemsProcessed(frames);
}

template <typename Measure, typename... Arguments>
void add(const std::string& name, const fs::path& video, Measure measure, Arguments... arguments) {
  benchmark::RegisterBenchmark(
      (name + "/" + video.filename().string()).c_str(),
      [=](benchmark::State& state) { measure(state, video, arguments...); })
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc < 2) {
    std::cerr << "video_bench: at least one video must be named\n";
    return 2;
  }
  for (const fs::path video : std::vector<std::string>(argv + 1, argv + argc)) {
    add("open", video, measure_open, false);
    add("open_first", video, measure_open, true);
    add("open_cached", video, measure_open_cached);
    add("random", video, measure_random, VideoReaderOptions{});
    add("random_one_decoder", video, measure_random, VideoReaderOptions{.max_decoders = 1});
    add("decoding", video, measure_decoding, false);
    add("decoding_by_seeks", video, measure_decoding, true);
    add("sorted_100", video, measure_sorted_100);
    add("sequential", video, measure_sequential);
    add("raw", video, measure_raw);
  }
  benchmark::RunSpecifiedBenchmarks();
}
