#include "lightly/media/video_index.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <c10/util/Exception.h>

#include "media/file_state.hpp"
#include "media/mov_tables.hpp"
#include "media/video_packets.hpp"
#include "media/video_stream.hpp"

extern "C" {
#include <libavutil/display.h>
}

namespace lightly::media {
namespace {

Fraction fraction(AVRational value) {
  return value.num > 0 && value.den > 0 ? Fraction{value.num, value.den} : Fraction{};
}

// FFmpeg's matrices say how far to turn against the clock.
std::int64_t clockwise_quarters(AVStream& stream) {
  std::size_t size = 0;
  const std::uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (data == nullptr || size < 9 * sizeof(std::int32_t)) {
    return 0;
  }
  const double degrees = -av_display_rotation_get(reinterpret_cast<const std::int32_t*>(data));
  return std::isfinite(degrees) ? (std::llround(degrees / 90.0) % 4 + 4) % 4 : 0;
}

// FFmpeg takes dozens of bytes for each, and a sample has one at least.
void check_promises(const std::filesystem::path& video, const FileState& file) {
  const std::int64_t samples = promised_samples(video, file.size_bytes);
  TORCH_CHECK(samples <= file.size_bytes, "VideoIndex: cannot open ", video.string(),
              ": its tables promise ", samples, " samples in a file of ", file.size_bytes,
              " bytes");
}

// Raw streams have no times, and AVI none of presentation.
bool lacks_times(const AVFormatContext& format) {
  return (format.iformat->flags & AVFMT_NOTIMESTAMPS) != 0 ||
         std::string_view(format.iformat->name) == "avi";
}

// When the frame at each place of `order` is shown, from the first source that knows it of all.
std::vector<std::int64_t> frame_times(const PacketScan& scan,
                                      const std::vector<std::int32_t>& order, std::int64_t ticks) {
  std::vector<std::int64_t> times(order.size());
  const auto take = [&](std::int64_t VideoPacket::* time) {
    std::transform(order.begin(), order.end(), times.begin(),
                   [&](std::int32_t i) { return scan.packets[i].packet.*time; });
    return std::find(times.begin(), times.end(), VideoPacket::kUnknown) == times.end();
  };
  if (take(&VideoPacket::pts)) {
    for (std::size_t i = 1; i < times.size(); ++i) {
      times[i] = std::max(times[i], times[i - 1]);
    }
  } else if (take(&VideoPacket::dts)) {
    std::sort(times.begin(), times.end());
  } else {
    for (std::size_t i = 0; i < times.size(); ++i) {
      times[i] = static_cast<std::int64_t>(i) * ticks;
    }
  }
  return times;
}

// The frames are those that are shown of `order`, packets in order of presentation.
void add_frames(const PacketScan& scan, const std::vector<std::int32_t>& order, VideoIndex& index) {
  const double frame_seconds = index.average_fps.num > 0 ? 1.0 / index.average_fps.value() : 0.0;
  const auto ticks = std::max<std::int64_t>(
      static_cast<std::int64_t>(std::min(frame_seconds / index.time_base.value() + 0.5, 1e9)), 1);
  const std::vector<std::int64_t> times = frame_times(scan, order, ticks);
  index.frames.reserve(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const ScannedPacket& packet = scan.packets[order[i]];
    if (!packet.is_discarded) {
      index.packets[order[i]].frame = static_cast<std::int32_t>(index.frames.size());
      index.frames.push_back({.pts = times[i],
                              .duration = packet.duration,
                              .packet = order[i],
                              .is_key = index.packets[order[i]].is_key});
    }
  }
  for (std::size_t i = 0; i + 1 < index.frames.size(); ++i) {
    index.frames[i].duration = index.frames[i + 1].pts - index.frames[i].pts;
  }
  if (!index.frames.empty() && index.frames.back().duration == 0 && frame_seconds > 0.0) {
    index.frames.back().duration = ticks;
  }
}

// The last key at or before the packet that is not shown after it: what is shown before a key may
// refer to what was sent before it.
void set_starts(const std::vector<std::int32_t>& order, std::int32_t first_bad, VideoIndex& index) {
  constexpr std::int32_t kNone = -1;
  std::vector<std::int32_t> ranks(index.packets.size(), kNone);
  for (std::size_t i = 0; i < order.size(); ++i) {
    ranks[order[i]] = static_cast<std::int32_t>(i);
  }
  // A key makes the earlier ones that are shown after it useless, so that ranks rise in here.
  std::vector<std::pair<std::int32_t, std::int32_t>> keys;
  for (std::size_t i = 0; i < index.packets.size(); ++i) {
    VideoPacket& packet = index.packets[i];
    packet.is_key = packet.is_key && ranks[i] != kNone;
    if (packet.is_key) {
      while (!keys.empty() && keys.back().first > ranks[i]) {
        keys.pop_back();
      }
      keys.emplace_back(ranks[i], static_cast<std::int32_t>(i));
    }
    if (packet.frame >= 0 && static_cast<std::int32_t>(i) < first_bad) {
      const auto after =
          std::upper_bound(keys.begin(), keys.end(), ranks[i],
                           [](std::int32_t rank, const auto& key) { return rank < key.first; });
      index.frames[packet.frame].start_packet = after == keys.begin() ? 0 : (after - 1)->second;
    }
  }
}

}  // namespace

void VideoIndexOptions::check() const {
  TORCH_CHECK_VALUE(!stream.has_value() || *stream >= 0, "VideoIndex: stream must be >= 0, got ",
                    stream.value_or(0));
}

VideoIndex read_video_index(const std::filesystem::path& video, const VideoIndexOptions& options) {
  options.check();
  // Before it is read: what is written to it meanwhile makes this the index of an older file.
  const std::optional<FileState> file = file_state(video);
  if (file.has_value()) {
    check_promises(video, *file);
  }
  const auto open = [&] { return VideoStream("VideoIndex", video, options.stream); };
  VideoStream stream = open();
  const AVCodecID codec = stream.parameters().codec_id;
  PacketScan scan = scan_packets(stream, lacks_times(*stream.format()));
  Presentation presentation = present(scan, codec);
  if (presentation.needs_numbers) {
    VideoStream again = open();
    scan = scan_packets(again, true);
    presentation = present(scan, codec);
  }
  TORCH_CHECK(file.has_value(), stream.cannot("open"), ": its size and time are not known");
  VideoIndex index{.file = *file,
                   .stream = stream.stream()->index,
                   .time_base = fraction(stream.stream()->time_base),
                   .average_fps = fraction(stream.stream()->avg_frame_rate),
                   .height = std::max(stream.parameters().height, 0),
                   .width = std::max(stream.parameters().width, 0),
                   .rotation = 90 * clockwise_quarters(*stream.stream()),
                   .is_suspicious = presentation.is_suspicious,
                   .is_verified = options.verify || presentation.is_suspicious,
                   .has_side_data = scan.has_side_data};
  TORCH_CHECK(index.time_base.num > 0, stream.cannot("read"), ": it has no time base");
  auto first_bad = static_cast<std::int32_t>(scan.packets.size());
  if (index.is_verified) {
    VideoStream again = open();
    WholeDecode decode = decode_whole(again, scan);
    // A picture that was to come and did not is a fault too.
    std::vector<bool> has_come(scan.packets.size());
    for (const std::int32_t i : decode.packets) {
      has_come[i] = true;
    }
    for (const std::int32_t i : presentation.packets) {
      decode.first_bad = has_come[i] ? decode.first_bad : std::min(decode.first_bad, i);
    }
    first_bad = decode.first_bad;
    index.is_suspicious =
        index.is_suspicious || first_bad < static_cast<std::int32_t>(scan.packets.size());
    presentation.packets = std::move(decode.packets);
  }
  int top_layer = 0;
  for (const ScannedPacket& packet : scan.packets) {
    top_layer = std::max(top_layer, packet.picture.layer);
  }
  index.packets.reserve(scan.packets.size());
  for (const ScannedPacket& packet : scan.packets) {
    VideoPacket& added = index.packets.emplace_back(packet.packet);
    added.is_key = packet.picture.is_key && packet.picture.is_shown;
    added.is_droppable = packet.picture.is_droppable && packet.picture.layer == top_layer;
  }
  add_frames(scan, presentation.packets, index);
  set_starts(presentation.packets, first_bad, index);
  TORCH_CHECK(!index.frames.empty(), stream.cannot("read"), ": it has no frame");
  return index;
}

double VideoIndex::seconds(std::int64_t i) const {
  TORCH_CHECK_INDEX(i >= 0 && i < size(), "VideoIndex: the frame must be in [0, ", size(),
                    "), got ", i);
  return static_cast<double>(frames[i].pts - frames.front().pts) * time_base.value();
}

double VideoIndex::duration_seconds() const {
  if (frames.empty()) {
    return 0.0;
  }
  const std::int64_t ticks = frames.back().pts - frames.front().pts + frames.back().duration;
  return static_cast<double>(ticks) * time_base.value();
}

double VideoIndex::fps() const {
  if (frames.size() < 2 || frames.back().pts == frames.front().pts) {
    return average_fps.value();
  }
  return static_cast<double>(size() - 1) / seconds(size() - 1);
}

std::int64_t VideoIndex::frame_at_seconds(double seconds) const {
  TORCH_CHECK_INDEX(seconds >= 0.0 && seconds < duration_seconds(),
                    "VideoIndex: seconds must be in [0, ", duration_seconds(), "), got ", seconds);
  // By the same product as seconds(), so that each frame is found at its own time.
  const auto after = std::upper_bound(
      frames.begin(), frames.end(), seconds, [&](double time, const VideoFrame& frame) {
        return time < static_cast<double>(frame.pts - frames.front().pts) * time_base.value();
      });
  return after - frames.begin() - 1;
}

}  // namespace lightly::media
