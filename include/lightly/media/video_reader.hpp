#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include <ATen/core/Tensor.h>

#include "lightly/media/video_index.hpp"

namespace lightly::media {

/// How a decoder uses its threads.
enum class DecoderThreads {
  kSlice,  ///< within a frame: no delay, where the codec's stream allows it
  kFrame,  ///< several frames at once: faster in sequence, slower to one frame
};

struct VideoReaderOptions {
  /// The stream, and whether it is decoded once to be sure of its frames.
  VideoIndexOptions index = {};
  /// Where indices are kept from run to run (read_video_index_cached); empty: nowhere.
  std::filesystem::path index_folder = {};
  /// Whether frames are turned as the file's display matrix says.
  bool rotate = true;
  /// Height and width of the frames given, before rotation, resized by swscale (bilinear) while
  /// the colours are converted; both or none. Without values the video's own.
  std::optional<std::int64_t> height = {};
  std::optional<std::int64_t> width = {};
  /// In their place: the shorter side, in pixels; the other one keeps the shape, as torchvision:
  /// Resize has it.
  std::optional<std::int64_t> shorter_side = {};
  /// Threads of a decoder, >= 1.
  std::int64_t num_threads = 1;
  DecoderThreads threads = DecoderThreads::kSlice;
  /// Decoders, >= 1, that are kept where they stopped, so that a random frame is decoded from the
  /// nearest of them.
  std::int64_t max_decoders = 16;
  /// What the pictures those decoders hold may take; one decoder is always kept.
  std::int64_t max_decoder_bytes = std::int64_t{256} << 20;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// What a reader has done so far.
struct VideoReaderStatistics {
  /// Pictures that decoders gave.
  std::int64_t frames_decoded = 0;
  /// Frames handed out.
  std::int64_t frames_given = 0;
  /// How often a decoder was put to another place than where it stood.
  std::int64_t seeks = 0;
};

/// The frames of a video by their number, each equal bit for bit to that of a decode from the
/// start, damage included that FFmpeg's decoder notices (HEVC's lets some pass).
///
/// Frames are uint8 [3, H, W], RGB, channels-last, converted by swscale with the stream's matrix
/// and range as torchcodec does it. The file is opened at the first frame asked for. Owns its
/// decoders: one reader a thread; movable.
class VideoReader {
 public:
  /// Throws c10::ValueError for options out of range and what read_video_index throws.
  explicit VideoReader(std::filesystem::path video, VideoReaderOptions options = {});

  /// With an index that read_video_index made of this file; `options.index` and `index_folder` are
  /// not used. Throws c10::ValueError for no index, c10::Error for a file that is not there or has
  /// changed since.
  VideoReader(std::filesystem::path video, std::shared_ptr<const VideoIndex> index,
              VideoReaderOptions options = {});

  ~VideoReader();
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;

  /// The number of frames.
  std::int64_t size() const;

  /// Of the frames given, after rotation and resizing.
  std::int64_t height() const;
  std::int64_t width() const;

  double fps() const;
  double duration_seconds() const;
  const VideoIndex& index() const;
  const std::filesystem::path& path() const;
  VideoReaderStatistics statistics() const;

  /// uint8 [3, H, W]: frame `i` in [0, size()). Throws c10::IndexError outside and c10::Error with
  /// the file, the frame and FFmpeg's reason when it cannot be read or decoded, or the file has
  /// changed since it was indexed.
  at::Tensor frame(std::int64_t i);

  /// uint8 [n, 3, H, W]: frames in any order, also repeated, in the order asked for; what they need
  /// is decoded once, in file order. Throws what frame() throws; nothing asked for is [0, 3, H, W].
  at::Tensor frames(std::span<const std::int64_t> indices);

  /// uint8 [end - begin, 3, H, W]: frames [begin, end), 0 <= begin <= end <= size().
  at::Tensor frames(std::int64_t begin, std::int64_t end);

  /// The frame shown `seconds` after the start of the first. Throws c10::IndexError outside
  /// [0, duration_seconds()).
  at::Tensor frame_at_seconds(double seconds);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lightly::media
