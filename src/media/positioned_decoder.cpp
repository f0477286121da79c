#include "media/positioned_decoder.hpp"

#include <algorithm>
#include <cstddef>

namespace lightly::media {
namespace {

// As EncodedImageOptions::max_pixels.
constexpr std::int64_t kMaxPicturePx = std::int64_t{1} << 28;
// A decoder that neither takes a packet nor gives a picture so often in a row does neither ever.
constexpr int kMaxStalls = 16;

}  // namespace

PositionedDecoder::PositionedDecoder(PacketSource& source, const VideoIndex& index,
                                     const DecoderOptions& options)
    : source_(&source),
      index_(&index),
      decoder_(open_decoder(source.stream(), options)),
      packet_(make_packet()),
      picture_(make_frame()),
      num_threads_(options.num_threads) {
  decoder_->max_pixels = kMaxPicturePx;
}

void PositionedDecoder::start(std::int32_t first, bool trusted) {
  if (pictures_decoded_ > 0 || next_ > 0) {
    avcodec_flush_buffers(decoder_.get());
  }
  first_ = first;
  next_ = first;
  trusted_ = trusted;
  is_draining_ = false;
  error_ = 0;
  held_.clear();
  // Right behind a recovery point H.264's decoder would keep pictures back that it has whole; what
  // it has not is no frame that this one reaches.
  if (first > 0) {
    decoder_->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
  } else {
    decoder_->flags &= ~AV_CODEC_FLAG_OUTPUT_CORRUPT;
  }
  const auto& packets = index_->packets;
  last_leading_ = first;
  for (auto i = static_cast<std::size_t>(first) + 1;
       i < packets.size() && packets[i].frame < packets[first].frame; ++i) {
    last_leading_ = static_cast<std::int32_t>(i);
  }
}

bool PositionedDecoder::reaches(std::int32_t i, std::int32_t start) const {
  if (first_ > start) {
    return false;
  }
  return (!is_draining_ && index_->frames[i].packet >= next_) ||
         std::find(held_.begin(), held_.end(), i) != held_.end();
}

PositionedDecoder::Outcome PositionedDecoder::decode(std::int32_t i) {
  for (int stalls = 0; stalls < kMaxStalls;) {
    const int code = avcodec_receive_frame(decoder_.get(), picture_.get());
    if (code >= 0) {
      stalls = 0;
      note_picture();
      const Outcome outcome = judge(i);
      if (outcome != Outcome::kAbsent) {
        return outcome;
      }
      // Pictures come in order of presentation. One run from the start also takes other orders.
      const std::int64_t packet = picture_->pts;
      if (trusted_ && index_->packets[packet].frame > i) {
        return outcome;
      }
      continue;
    }
    if (code == AVERROR_EOF) {
      return Outcome::kAbsent;
    }
    if (is_wrong(code)) {
      return Outcome::kDamaged;
    }
    const std::int32_t before = next_;
    if (!send(i)) {
      return Outcome::kDamaged;
    }
    stalls = next_ > before ? 0 : stalls + 1;
  }
  return Outcome::kAbsent;
}

// Of the picture that has come out; kAbsent when it is another than frame `i`.
PositionedDecoder::Outcome PositionedDecoder::judge(std::int32_t i) {
  const std::int64_t packet = picture_->pts;
  if (packet < first_ || packet >= next_) {
    return trusted_ ? Outcome::kDamaged : Outcome::kAbsent;
  }
  const std::int32_t frame = index_->packets[packet].frame;
  const auto is_past = [&](std::int32_t held) { return trusted_ ? held <= frame : held == frame; };
  held_.erase(std::remove_if(held_.begin(), held_.end(), is_past), held_.end());
  const bool is_whole =
      picture_->decode_error_flags == 0 && (picture_->flags & AV_FRAME_FLAG_CORRUPT) == 0;
  if (trusted_ && !is_whole && frame >= index_->packets[first_].frame) {
    error_ = AVERROR_INVALIDDATA;
    return Outcome::kDamaged;
  }
  return frame == i ? Outcome::kFrame : Outcome::kAbsent;
}

// The next packet on the way to frame `i`; false when something is wrong.
bool PositionedDecoder::send(std::int32_t i) {
  const auto& packets = index_->packets;
  const auto end = static_cast<std::int32_t>(packets.size());
  // What is shown after frame `i` may be asked for next.
  while (trusted_ && !index_->is_suspicious && next_ < end && packets[next_].is_droppable &&
         packets[next_].frame < i) {
    ++next_;
  }
  if (next_ == end) {
    is_draining_ = true;
    const int code = avcodec_send_packet(decoder_.get(), nullptr);
    return code == AVERROR_EOF || !is_wrong(code);
  }
  source_->read(next_, packet_.get());
  // The picture then names its packet, whatever the times are worth; and what an edit list discards
  // comes out as in the decode that made the index.
  packet_->pts = packet_->dts = next_;
  packet_->flags &= ~AV_PKT_FLAG_DISCARD;
  const int code = avcodec_send_packet(decoder_.get(), packet_.get());
  if (code == AVERROR(EAGAIN)) {
    return true;  // a picture is to be taken first
  }
  if (packets[next_].frame >= 0) {
    held_.push_back(packets[next_].frame);
  }
  ++next_;
  return !is_wrong(code);
}

// Notes an error; whether it ends this decoder's work.
bool PositionedDecoder::is_wrong(int code) {
  if (code >= 0 || code == AVERROR(EAGAIN)) {
    return false;
  }
  error_ = code;
  // Pictures shown before that of a key refer to what was not decoded; threads report late.
  return trusted_ && (first_ == last_leading_ || next_ > last_leading_ + num_threads_);
}

void PositionedDecoder::note_picture() {
  ++pictures_decoded_;
  std::int64_t bytes = 0;
  for (const AVBufferRef* buffer : picture_->buf) {
    bytes += buffer != nullptr ? static_cast<std::int64_t>(buffer->size) : 0;
  }
  if (bytes > bytes_each_) {
    memory_.clear();
    bytes_each_ = bytes;
  }
  const std::uint8_t* memory = picture_->data[0];
  if (std::find(memory_.begin(), memory_.end(), memory) == memory_.end()) {
    memory_.push_back(memory);
  }
}

std::int64_t PositionedDecoder::picture_bytes() const {
  return static_cast<std::int64_t>(memory_.size()) * bytes_each_;
}

}  // namespace lightly::media
