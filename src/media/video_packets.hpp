#pragma once

#include <cstdint>
#include <vector>

#include "lightly/media/video_index.hpp"
#include "media/bitstream/picture.hpp"
#include "media/video_stream.hpp"

/// From the packets of a stream to its frames; VideoIndex's parts, one step each.
namespace lightly::media {

/// Times up to it and their differences do not overflow; beyond, a time is none.
inline constexpr std::int64_t kMaxTime = std::int64_t{1} << 60;

struct ScannedPacket {
  VideoPacket packet = {};
  bitstream::Picture picture = {};
  std::int64_t duration = 0;
  /// Decoded and not shown, as the edit list has it.
  bool is_discarded = false;
  /// Where the picture is in order of presentation, if PacketScan::has_numbers.
  std::int64_t period = 0;
  std::int64_t number = 0;
};

struct PacketScan {
  std::vector<ScannedPacket> packets = {};
  bitstream::PictureOrder order = bitstream::PictureOrder::kTime;
  bool has_numbers = false;
  /// Reading ended with an error, or a packet is not as it should be.
  bool is_damaged = false;
  /// As VideoIndex::has_side_data.
  bool has_side_data = false;
};

/// Reads every packet. With numbers those of H.264 and HEVC are taken through FFmpeg's parser too,
/// which takes longer than all the rest.
PacketScan scan_packets(VideoStream& stream, bool with_numbers);

/// Packets in order of presentation of their pictures, those discarded by the edit list among them.
struct Presentation {
  std::vector<std::int32_t> packets = {};
  /// Whether the order needs numbers that the scan does not have.
  bool needs_numbers = false;
  /// Whether only decoding tells the order or the frames.
  bool is_suspicious = false;
};

Presentation present(const PacketScan& scan, AVCodecID codec);

/// What decoding the whole stream once gave.
struct WholeDecode {
  /// As Presentation::packets, of the frames that came out.
  std::vector<std::int32_t> packets = {};
  /// The first packet with which something was wrong, or the number of packets.
  std::int32_t first_bad = 0;
};

/// `stream` is at its start, and `scan` is of the same file.
WholeDecode decode_whole(VideoStream& stream, const PacketScan& scan);

}  // namespace lightly::media
