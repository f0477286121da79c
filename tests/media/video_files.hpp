#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lightly/media/video_index.hpp"
#include "media/ffmpeg.hpp"

/// Videos as FFmpeg itself reads them, and files made of them without encoding anything.
namespace lightly::testing {

/// The packets that a decoder is given; opened as the ffmpeg program does it.
struct VideoPackets {
  std::vector<media::PacketPtr> packets = {};
  /// Ready for avcodec_parameters_to_context.
  media::CodecPtr parameters = {};
};

/// Of a file's video stream, FFmpeg's best one by default. Empty when it cannot be opened.
VideoPackets read_packets(const std::filesystem::path& video, std::optional<int> stream = {});

struct DecodedVideo {
  /// Of each frame, in the order in which they come out: its packet, when it is shown as FFmpeg
  /// estimates it, and a checksum of its pixels.
  std::vector<std::int32_t> packets = {};
  std::vector<std::int64_t> times = {};
  std::vector<std::uint32_t> sums = {};
};

/// A decode from the first packet to the last.
DecodedVideo decode_all(const VideoPackets& video);

/// The checksum of frame `i` when decoding begins at its start packet and what can be left out is;
/// nothing when the frame does not come.
std::optional<std::uint32_t> decode_one(const VideoPackets& video, const media::VideoIndex& index,
                                        std::int64_t i);

/// Of the frames, in order of presentation.
std::vector<std::int32_t> frame_packets(const media::VideoIndex& index);
std::vector<std::int64_t> frame_times(const media::VideoIndex& index);

/// Expects what every index keeps to.
void expect_consistent(const media::VideoIndex& index);

/// Expects, frame by frame, what a decode from the first packet gives, in its order, and of some
/// frames that a decode from their start packet gives the same.
void expect_decodes(const media::VideoIndex& index, const std::filesystem::path& video,
                    bool with_times);

struct RemuxOptions {
  /// FFmpeg's name of the container.
  std::string format = {};
  /// The muxer's private option "movflags".
  std::string mov_flags = {};
  std::optional<int> stream = {};
  AVMediaType type = AVMEDIA_TYPE_VIDEO;
  /// Packets [first, end) are taken.
  std::size_t first = 0;
  std::size_t end = SIZE_MAX;
};

/// Copies a stream's packets into a file of another container. Returns whether FFmpeg can.
bool remux(const std::filesystem::path& from, const std::filesystem::path& to,
           const RemuxOptions& options);

/// Writes an AVI file of frames of 8 x 6 pixels, uncompressed, whose palette is another from frame
/// `change` on. Returns whether FFmpeg can.
bool write_palettes(const std::filesystem::path& to, int num_frames, int change);

}  // namespace lightly::testing
