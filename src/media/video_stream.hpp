#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "media/ffmpeg.hpp"

/// What the index and the reader share: the packets of one video stream of a file, and its decoder.
namespace lightly::media {

/// A file that is open at one of its video streams. What is asked of no other stream is not read.
class VideoStream {
 public:
  /// Errors' texts begin with `callee` and name the file. An attached picture is no video stream;
  /// without `stream` it is the one that FFmpeg holds for the best. Throws c10::Error with FFmpeg's
  /// reason for a file that cannot be opened and for no such stream, or one without a decoder.
  VideoStream(std::string callee, const std::filesystem::path& video,
              std::optional<std::int64_t> stream = {});

  AVFormatContext* format() const { return format_.get(); }
  AVStream* stream() const { return stream_; }

  /// For the decoder: of the packets that `read` gives.
  const AVCodecParameters& parameters() const;

  /// The stream's next packet in file order, packed B-frames as packets of their own
  /// (mpeg4_unpack_bframes). False at the end, which also an error is: is_damaged().
  bool read(AVPacket* packet);

  /// Whether packets are not those of the container (mpeg4_unpack_bframes).
  bool is_filtered() const { return filter_ != nullptr; }

  /// Whether reading met an error, or a packet that is not whole.
  bool is_damaged() const { return is_damaged_; }

  /// To be called after a seek in format(): forgets what the filter holds and the end.
  void restart();

  /// "callee: cannot open x.mp4", for errors of one's own.
  std::string cannot(const std::string& what) const;

 private:
  void open(const std::string& name);
  void choose(std::optional<std::int64_t> stream);
  void start_filter();
  bool read_unfiltered(AVPacket* packet);

  std::string callee_;
  std::string name_;
  FormatPtr format_;
  AVStream* stream_ = nullptr;
  FilterPtr filter_;  // only for MPEG-4 part 2
  bool is_at_end_ = false;
  bool is_damaged_ = false;
};

struct DecoderOptions {
  int num_threads = 1;
  /// FF_THREAD_SLICE or FF_THREAD_FRAME.
  int thread_type = FF_THREAD_SLICE;
  /// AV_CODEC_FLAG_…
  int flags = 0;
};

/// A decoder for the packets of `stream`, ready for the first.
CodecPtr open_decoder(const VideoStream& stream, const DecoderOptions& options = {});

}  // namespace lightly::media
