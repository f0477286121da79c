#include "media/packet_source.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <c10/util/Exception.h>

#include "media/file_state.hpp"

namespace lightly::media {
namespace {

// Packets whose bytes are compared before all others are taken to lie in the same way.
constexpr std::int32_t kCompared = 4;
// A demuxer reads on rather than seeks when what is wanted is this near.
constexpr std::int32_t kNear = 32;

// From a packet's position to its bytes.
std::optional<std::int64_t> usual_data_offset(std::string_view format) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> kOffsets = {
      {{"mov,mp4,m4a,3gp,3g2,mj2", 0},
       {"avi", 0},
       {"h264", 0},
       {"hevc", 0},
       {"matroska,webm", 4},
       {"ivf", 12},
       {"flv", 16}}};
  for (const auto& [name, offset] : kOffsets) {
    if (format == name) {
      return offset;
    }
  }
  return std::nullopt;
}

bool same_time(std::int64_t a, std::int64_t b) {
  return a == b || a == VideoPacket::kUnknown || b == VideoPacket::kUnknown;
}

bool is_packet(const AVPacket& packet, const VideoPacket& indexed) {
  static_assert(VideoPacket::kUnknown == AV_NOPTS_VALUE);
  return packet.pos == indexed.pos && packet.size == indexed.size_bytes &&
         same_time(packet.pts, indexed.pts) && same_time(packet.dts, indexed.dts);
}

}  // namespace

PacketSource::PacketSource(const std::filesystem::path& video, const VideoIndex& index)
    : video_(video), index_(&index), file_(open(video.c_str(), O_RDONLY | O_CLOEXEC)) {
  const int error = errno;
  stream_ = std::make_unique<VideoStream>("VideoReader", video, index.stream);
  TORCH_CHECK(file_.get() >= 0, stream_->cannot("open"), ": ", std::strerror(error));
  check_unchanged();
  data_offset_ = find_data_offset();
}

void PacketSource::check_unchanged() const {
  TORCH_CHECK(file_state(file_.get()) == index_->file, stream_->cannot("read"),
              ": the file has changed since it was indexed");
}

void PacketSource::distrust() {
  use_demuxer();
  can_seek_ = false;
  reopen();
}

void PacketSource::reopen() {
  stream_ = std::make_unique<VideoStream>("VideoReader", video_, index_->stream);
  next_ = 0;
}

std::optional<std::int64_t> PacketSource::find_data_offset() {
  const auto& packets = index_->packets;
  const auto offset = usual_data_offset(stream_->format()->iformat->name);
  // A filter makes other packets of the container's.
  if (!offset.has_value() || stream_->is_filtered()) {
    return std::nullopt;
  }
  // Each to be in the file as a whole, and none to share its position with another, as where a
  // container puts several into one block.
  std::int64_t last = -1;
  for (const VideoPacket& packet : packets) {
    if (packet.pos <= last || packet.pos > index_->file.size_bytes - *offset - packet.size_bytes) {
      return std::nullopt;
    }
    last = packet.pos;
  }
  const PacketPtr packet = make_packet();
  const auto compared = std::min(kCompared, static_cast<std::int32_t>(packets.size()));
  for (; next_ < compared; ++next_) {
    TORCH_CHECK(stream_->read(packet.get()) && is_packet(*packet, packets[next_]),
                stream_->cannot("read"), ": the index is of another file");
    if (!has_direct(next_, *packet, *offset)) {
      ++next_;
      return std::nullopt;
    }
  }
  return offset;
}

bool PacketSource::has_direct(std::int32_t i, const AVPacket& packet, std::int64_t offset) const {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(packet.size));
  return read_bytes(index_->packets[i].pos + offset, bytes.data(), bytes.size()) &&
         std::memcmp(bytes.data(), packet.data, bytes.size()) == 0;
}

bool PacketSource::read_bytes(std::int64_t at, std::uint8_t* into, std::size_t size) const {
  while (size > 0) {
    const ssize_t count = pread(file_.get(), into, size, at);
    if (count <= 0) {
      if (count < 0 && errno == EINTR) {
        continue;
      }
      return false;
    }
    into += count;
    at += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

void PacketSource::read(std::int32_t i, AVPacket* packet) {
  if (data_offset_.has_value()) {
    read_direct(i, *data_offset_, packet);
    return;
  }
  const bool is_near = next_ <= i && (i - next_ < kNear || !can_seek_);
  if (is_near ? read_demuxed(i, packet) : seek(i, packet)) {
    return;
  }
  can_seek_ = false;
  reopen();
  TORCH_CHECK(read_demuxed(i, packet), stream_->cannot("read"), ": packet ", i,
              " is not where it was when the file was indexed");
}

void PacketSource::read_direct(std::int32_t i, std::int64_t offset, AVPacket* packet) const {
  const VideoPacket& indexed = index_->packets[i];
  av_packet_unref(packet);
  check_ffmpeg(av_new_packet(packet, indexed.size_bytes), stream_->cannot("read"));
  TORCH_CHECK(
      read_bytes(indexed.pos + offset, packet->data, static_cast<std::size_t>(indexed.size_bytes)),
      stream_->cannot("read"), ": packet ", i, " is not in the file");
  packet->flags = indexed.is_key ? AV_PKT_FLAG_KEY : 0;
}

// On from next_, which is not behind `i`. False when a packet is not the one of the index.
bool PacketSource::read_demuxed(std::int32_t i, AVPacket* packet) {
  for (; next_ <= i; ++next_) {
    if (!stream_->read(packet) || !is_packet(*packet, index_->packets[next_])) {
      return false;
    }
  }
  return true;
}

bool PacketSource::seek(std::int32_t i, AVPacket* packet) {
  // Program streams have no table, and their time stamps begin anew.
  if (!can_seek_ || std::string_view(stream_->format()->iformat->name) == "mpeg") {
    return false;
  }
  int tries = 2;
  for (std::int32_t key = i; key > 0 && tries > 0; --key) {
    if (index_->packets[key].is_key) {
      if (seek_to_key(key, i, packet)) {
        return true;
      }
      --tries;
    }
  }
  return false;
}

bool PacketSource::seek_to_key(std::int32_t key, std::int32_t i, AVPacket* packet) {
  const auto& packets = index_->packets;
  const std::string_view format = stream_->format()->iformat->name;
  // These look for times of presentation, all others for times of decoding.
  const bool by_pts = format.starts_with("mov,") || format.starts_with("matroska,");
  const std::int64_t time = by_pts ? packets[key].pts : packets[key].dts;
  if (time == VideoPacket::kUnknown ||
      av_seek_frame(stream_->format(), stream_->stream()->index, time, AVSEEK_FLAG_BACKWARD) < 0) {
    return false;
  }
  stream_->restart();
  if (!stream_->read(packet)) {
    return false;
  }
  const auto is_here = [&](const VideoPacket& indexed) { return is_packet(*packet, indexed); };
  const auto here = std::find_if(packets.begin(), packets.end(), is_here);
  if (here == packets.end() || std::find_if(here + 1, packets.end(), is_here) != packets.end()) {
    return false;
  }
  next_ = static_cast<std::int32_t>(here - packets.begin()) + 1;
  return next_ - 1 == i || (next_ <= i && read_demuxed(i, packet));
}

}  // namespace lightly::media
