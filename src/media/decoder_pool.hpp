#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "lightly/media/video_index.hpp"
#include "media/packet_source.hpp"
#include "media/positioned_decoder.hpp"

namespace lightly::media {

struct DecoderPoolOptions {
  DecoderOptions decoder = {};
  std::int64_t max_decoders = 8;
  /// Of the pictures of all decoders; one decoder is always kept.
  std::int64_t max_bytes = 0;
};

/// Decoders that are kept where they stopped: a frame is decoded by the one that stands nearest
/// before it.
class DecoderPool {
 public:
  /// `source` and `index` outlive it.
  DecoderPool(PacketSource& source, const VideoIndex& index, const DecoderPoolOptions& options);

  /// Frame `i`'s picture, until the next call. `goes_on`: the decoder of the call before is at hand
  /// for another place, because only later frames will be asked for. Throws c10::Error with the
  /// reason when the frame does not come out of a decode from the start either.
  const AVFrame& decode(std::int32_t i, bool goes_on);

  std::int64_t pictures_decoded() const;
  std::int64_t seeks() const { return seeks_; }
  std::int64_t size() const { return static_cast<std::int64_t>(decoders_.size()); }
  std::int64_t picture_bytes() const;

 private:
  std::int32_t start_of(std::int32_t i) const;
  PositionedDecoder& choose(std::int32_t i, bool goes_on);
  PositionedDecoder& put_to(std::int32_t start, bool goes_on);
  std::size_t least_worth() const;
  std::int64_t worth(std::size_t decoder) const;
  void close(std::size_t decoder);
  void keep_within_bytes();

  PacketSource* source_;
  const VideoIndex* index_;
  DecoderPoolOptions options_;
  /// In order of use, the last used at the end.
  std::vector<std::unique_ptr<PositionedDecoder>> decoders_;
  /// Where decoding can begin, and the end.
  std::vector<std::int32_t> starts_;
  /// How many decoders the bytes allow.
  std::int64_t most_ = 0;
  /// After an error, as flushing leaves a decoder with more than it should know, and for packets
  /// with side data: every frame is decoded from the start by a decoder of its own.
  bool is_damaged_ = false;
  std::int64_t seeks_ = 0;
  std::int64_t closed_pictures_ = 0;
};

}  // namespace lightly::media
