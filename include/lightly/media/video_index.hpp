#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace lightly::media {

/// A fraction num / den; den > 0. Seconds a tick (time base) or frames a second.
struct Fraction {
  std::int64_t num = 0;
  std::int64_t den = 1;

  double value() const { return static_cast<double>(num) / static_cast<double>(den); }
};

/// What tells one state of a file from another.
struct FileState {
  std::int64_t size_bytes = 0;
  /// When it was last written to, in nanoseconds since 1970.
  std::int64_t modified_ns = 0;

  bool operator==(const FileState&) const = default;
};

/// A frame of a video.
struct VideoFrame {
  /// When it is shown, in ticks of the stream's time base. Never falls from frame to frame.
  std::int64_t pts = 0;
  /// How long, in ticks: until the next frame, and for the last one as the container says it; 0
  /// when nothing tells.
  std::int64_t duration = 0;
  /// Its packet: an index into VideoIndex::packets.
  std::int32_t packet = 0;
  /// The packet that decoding must begin at for this frame: the last key packet that all it needs
  /// comes after; the first packet where there is none, and after damage, which outlives keys.
  std::int32_t start_packet = 0;
  /// Whether its packet is a key packet.
  bool is_key = false;
};

/// A packet of the video stream, in file order, which is decoding order.
///
/// Packets are those a decoder is to be given: empty ones do not count, and where MPEG-4 in AVI
/// packs a B-frame with another into one packet, each counts for itself (FFmpeg's
/// mpeg4_unpack_bframes).
struct VideoPacket {
  static constexpr std::int64_t kUnknown = INT64_MIN;

  /// As the container gives them, in ticks; kUnknown when it does not.
  std::int64_t pts = kUnknown;
  std::int64_t dts = kUnknown;
  /// Byte position in the file, as the container gives it; -1 when it does not.
  std::int64_t pos = -1;
  std::int32_t size_bytes = 0;
  /// The frame it gives, an index into VideoIndex::frames; -1: none (discarded by an edit list,
  /// hidden, without a picture, not decodable).
  std::int32_t frame = -1;
  /// Whether decoding can begin here.
  bool is_key = false;
  /// Whether no other packet's picture refers to this one's, so that a decoder on its way to a
  /// later frame needs not see it.
  bool is_droppable = false;
};

/// What is asked of read_video_index.
struct VideoIndexOptions {
  /// The stream's index in the file; without a value FFmpeg's best video stream.
  std::optional<std::int64_t> stream = {};
  /// Decodes the video once and keeps exactly the frames that come out. Without it this happens
  /// only where the packets themselves look damaged (VideoIndex::is_suspicious).
  bool verify = false;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// Which frames a video has, in order of presentation, and how to reach them.
///
/// A value: made by read_video_index, kept on disk by save_video_index. Thread-safe to read.
struct VideoIndex {
  /// The file when it was indexed; a reader refuses it in any other state.
  FileState file = {};
  /// The stream's index in the file.
  std::int64_t stream = 0;
  Fraction time_base = {};
  /// The container's average frame rate; 0 when it does not tell.
  Fraction average_fps = {};
  /// Of the decoded frames before rotation, in pixels, as the container gives them.
  std::int64_t height = 0;
  std::int64_t width = 0;
  /// Clockwise degrees by which frames are to be turned for display: 0, 90, 180 or 270.
  std::int64_t rotation = 0;
  /// Whether the packets looked damaged, or frames failed to decode when verified: then no packet
  /// may be left out when decoding, and after an error a decoder is started anew. Such a video is
  /// always verified.
  bool is_suspicious = false;
  /// Whether the frames are those that a whole decode gave.
  bool is_verified = false;
  /// Whether packets bring what their bytes do not say, such as a palette or other parameters of
  /// the codec from there on: then every frame is decoded from the start.
  bool has_side_data = false;
  /// In order of presentation.
  std::vector<VideoFrame> frames = {};
  /// In file order.
  std::vector<VideoPacket> packets = {};

  std::int64_t size() const { return static_cast<std::int64_t>(frames.size()); }

  /// Seconds from the start of the first frame to the start of frame `i` in [0, size()).
  double seconds(std::int64_t i) const;

  /// From the start of the first frame to the end of the last; 0 when there is none.
  double duration_seconds() const;

  /// Frames a second, from the frames' times; average_fps when there are fewer than two.
  double fps() const;

  /// The frame shown at `seconds` after the start of the first one: the last that starts at or
  /// before it. Throws c10::IndexError outside [0, duration_seconds()).
  std::int64_t frame_at_seconds(double seconds) const;
};

/// Reads the packets of a video stream, none of which is decoded unless VideoIndexOptions::verify
/// or damage asks for it. Throws c10::ValueError for options out of range, c10::Error with the file
/// and FFmpeg's reason for a file that cannot be opened or has no such video stream, and for one
/// without any frame.
VideoIndex read_video_index(const std::filesystem::path& video,
                            const VideoIndexOptions& options = {});

/// As read_video_index, but takes the index from `cache_folder` when it holds one of this file's
/// path, size and modification time, made with the same options; otherwise reads the video and puts
/// it there (core::AtomicFile). A damaged or older file is replaced; a cache that cannot be written
/// is c10::Error.
VideoIndex read_video_index_cached(const std::filesystem::path& video,
                                   const std::filesystem::path& cache_folder,
                                   const VideoIndexOptions& options = {});

}  // namespace lightly::media
