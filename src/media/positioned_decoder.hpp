#pragma once

#include <cstdint>
#include <vector>

#include "lightly/media/video_index.hpp"
#include "media/packet_source.hpp"
#include "media/video_stream.hpp"

namespace lightly::media {

/// A decoder that stands somewhere in a video and goes on from there.
class PositionedDecoder {
 public:
  enum class Outcome {
    kFrame,    ///< picture() is the frame
    kAbsent,   ///< what comes after the frame came, or the end
    kDamaged,  ///< something was wrong on the way
  };

  /// Stands at the first packet. `source` and `index` outlive it.
  PositionedDecoder(PacketSource& source, const VideoIndex& index, const DecoderOptions& options);

  /// Puts it to packet `first`, a key packet or the first. `trusted`: packets may be left out on
  /// the way, and what is not as it should be is an outcome; otherwise this is the decoder that is
  /// run from the start and takes what comes, and it must not have stood anywhere else before.
  void start(std::int32_t first, bool trusted);

  /// Whether frame `i`, for which decoding has to begin at packet `start`, lies ahead.
  bool reaches(std::int32_t i, std::int32_t start) const;

  /// The next packet that it will see.
  std::int32_t next_packet() const { return next_; }

  /// On to frame `i`, which it reaches.
  Outcome decode(std::int32_t i);

  const AVFrame& picture() const { return *picture_; }

  /// FFmpeg's code for what went wrong last, 0 when nothing did.
  int error() const { return error_; }

  /// Pictures that came out since the object was made.
  std::int64_t pictures_decoded() const { return pictures_decoded_; }

  /// What its pictures take.
  std::int64_t picture_bytes() const;

 private:
  Outcome judge(std::int32_t i);
  bool send(std::int32_t i);
  void note_picture();
  bool is_wrong(int code);

  PacketSource* source_;
  const VideoIndex* index_;
  CodecPtr decoder_;
  PacketPtr packet_;
  FramePtr picture_;
  std::int32_t num_threads_;
  std::int32_t first_ = 0;
  std::int32_t next_ = 0;
  /// Packets up to here are of pictures shown before that of first_, which are not whole.
  std::int32_t last_leading_ = 0;
  bool trusted_ = true;
  bool is_draining_ = false;
  int error_ = 0;
  /// Frames whose packets it has seen and that have not come out.
  std::vector<std::int32_t> held_;
  std::int64_t pictures_decoded_ = 0;
  /// Its pictures' memory, which a pool gives again and again, and the bytes of one.
  std::vector<const std::uint8_t*> memory_;
  std::int64_t bytes_each_ = 0;
};

}  // namespace lightly::media
