#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "core/handle.hpp"
#include "lightly/media/video_index.hpp"
#include "media/video_stream.hpp"

namespace lightly::media {

/// The packets of an index in any order.
///
/// In most containers a packet's bytes lie in the file as the decoder takes them, at a fixed
/// distance behind the position that FFmpeg gives; they are read from there, so that no demuxer has
/// to be put to the right place. Otherwise the demuxer seeks, and where it landed is looked up in
/// the index; where that fails it reads from the start.
class PacketSource {
 public:
  /// Throws c10::Error with the file and the reason when it cannot be opened, or is not in the
  /// state in which it was indexed.
  PacketSource(const std::filesystem::path& video, const VideoIndex& index);
  PacketSource(const PacketSource&) = delete;
  PacketSource& operator=(const PacketSource&) = delete;

  const VideoStream& stream() const { return *stream_; }

  /// Whether packets are read from their place in the file.
  bool is_direct() const { return data_offset_.has_value(); }

  /// From now on the demuxer reads all packets, and seeks to them.
  void use_demuxer() { data_offset_.reset(); }

  /// From now on the demuxer reads every packet, from the start.
  void distrust();

  /// Throws c10::Error when the file is not in the state in which it was indexed.
  void check_unchanged() const;

  /// Packet `i` of the index, as the container gives it. Throws c10::Error when the file does not
  /// have it.
  void read(std::int32_t i, AVPacket* packet);

 private:
  std::optional<std::int64_t> find_data_offset();
  bool has_direct(std::int32_t i, const AVPacket& packet, std::int64_t offset) const;
  bool read_bytes(std::int64_t at, std::uint8_t* into, std::size_t size) const;
  void read_direct(std::int32_t i, std::int64_t offset, AVPacket* packet) const;
  bool read_demuxed(std::int32_t i, AVPacket* packet);
  bool seek(std::int32_t i, AVPacket* packet);
  bool seek_to_key(std::int32_t key, std::int32_t i, AVPacket* packet);
  void reopen();

  std::filesystem::path video_;
  const VideoIndex* index_;
  core::Descriptor file_;
  std::unique_ptr<VideoStream> stream_;
  /// From VideoPacket::pos to the packet's bytes; without a value the demuxer reads.
  std::optional<std::int64_t> data_offset_;
  bool can_seek_ = true;
  /// What the demuxer gives next.
  std::int32_t next_ = 0;
};

}  // namespace lightly::media
