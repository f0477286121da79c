#include "media/decoder_pool.hpp"

#include <algorithm>
#include <cstddef>

#include <c10/util/Exception.h>

namespace lightly::media {

using Outcome = PositionedDecoder::Outcome;

DecoderPool::DecoderPool(PacketSource& source, const VideoIndex& index,
                         const DecoderPoolOptions& options)
    : source_(&source), index_(&index), options_(options), most_(options.max_decoders) {
  for (const VideoFrame& frame : index.frames) {
    if (starts_.empty() || starts_.back() != frame.start_packet) {
      starts_.push_back(frame.start_packet);
    }
  }
  starts_.push_back(static_cast<std::int32_t>(index.packets.size()));
  std::sort(starts_.begin(), starts_.end());
  if (index.has_side_data) {
    // A demuxer hands it out once, to the one decoder that has had all before.
    is_damaged_ = true;
    options_.max_decoders = most_ = 1;
    source_->distrust();
  }
}

std::int32_t DecoderPool::start_of(std::int32_t i) const {
  return is_damaged_ ? 0 : index_->frames[i].start_packet;
}

const AVFrame& DecoderPool::decode(std::int32_t i, bool goes_on) {
  Outcome outcome = choose(i, goes_on).decode(i);
  if (outcome != Outcome::kFrame && !is_damaged_) {
    is_damaged_ = true;
    while (!decoders_.empty()) {
      close(decoders_.size() - 1);
    }
    source_->distrust();
    outcome = choose(i, false).decode(i);
  }
  if (outcome != Outcome::kFrame) {
    const int error = decoders_.back()->error();
    close(decoders_.size() - 1);
    TORCH_CHECK(false, source_->stream().cannot("decode"), ": frame ", i, ": ",
                error != 0 ? ffmpeg_reason(error) : "no picture came out for it",
                index_->is_verified ? "" : " (VideoIndexOptions::verify leaves such frames out)");
  }
  keep_within_bytes();
  return decoders_.back()->picture();
}

// The decoder to use, at the end of decoders_.
PositionedDecoder& DecoderPool::choose(std::int32_t i, bool goes_on) {
  const std::int32_t start = start_of(i);
  auto nearest = decoders_.end();
  for (auto decoder = decoders_.begin(); decoder != decoders_.end(); ++decoder) {
    const bool is_nearer =
        nearest == decoders_.end() || (*decoder)->next_packet() > (*nearest)->next_packet();
    if (is_nearer && (*decoder)->next_packet() >= start && (*decoder)->reaches(i, start)) {
      nearest = decoder;
    }
  }
  if (nearest == decoders_.end()) {
    return put_to(start, goes_on);
  }
  std::rotate(nearest, nearest + 1, decoders_.end());
  return *decoders_.back();
}

PositionedDecoder& DecoderPool::put_to(std::int32_t start, bool goes_on) {
  ++seeks_;
  const bool trusted = !is_damaged_ && !(index_->is_suspicious && start == 0);
  if (!decoders_.empty()) {
    const std::size_t taken = goes_on ? decoders_.size() - 1 : least_worth();
    const bool is_full = static_cast<std::int64_t>(decoders_.size()) >= most_;
    if (is_full || goes_on || worth(taken) == 0) {
      if (is_damaged_ || index_->is_suspicious) {
        close(taken);
      } else {
        std::rotate(decoders_.begin() + static_cast<std::ptrdiff_t>(taken),
                    decoders_.begin() + static_cast<std::ptrdiff_t>(taken) + 1, decoders_.end());
        decoders_.back()->start(start, trusted);
        return *decoders_.back();
      }
    }
  }
  decoders_.push_back(std::make_unique<PositionedDecoder>(*source_, *index_, options_.decoder));
  decoders_.back()->start(start, trusted);
  return *decoders_.back();
}

std::size_t DecoderPool::least_worth() const {
  std::size_t least = 0;
  for (std::size_t i = 1; i < decoders_.size(); ++i) {
    least = worth(i) < worth(least) ? i : least;
  }
  return least;
}

// The packets that frames taken at random are spared by its standing where it does: for those up to
// the next decoder, or the next start, the way from the one before.
std::int64_t DecoderPool::worth(std::size_t decoder) const {
  const std::int32_t at = decoders_[decoder]->next_packet();
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), at);
  if (after == starts_.end()) {
    return 0;  // at the end
  }
  std::int32_t before = after == starts_.begin() ? 0 : *(after - 1);
  std::int32_t end = *after;
  for (std::size_t i = 0; i < decoders_.size(); ++i) {
    const std::int32_t other = decoders_[i]->next_packet();
    if (i != decoder && (other < at || (other == at && i > decoder))) {
      before = std::max(before, other);
    } else if (i != decoder) {
      end = std::min(end, other);
    }
  }
  return static_cast<std::int64_t>(at - before) * (end - at);
}

void DecoderPool::close(std::size_t decoder) {
  closed_pictures_ += decoders_[decoder]->pictures_decoded();
  decoders_.erase(decoders_.begin() + static_cast<std::ptrdiff_t>(decoder));
}

void DecoderPool::keep_within_bytes() {
  std::int64_t most_bytes = 1;
  for (const auto& decoder : decoders_) {
    most_bytes = std::max(most_bytes, decoder->picture_bytes());
  }
  most_ = std::clamp<std::int64_t>(options_.max_bytes / most_bytes, 1, options_.max_decoders);
  while (static_cast<std::int64_t>(decoders_.size()) > most_) {
    close(0);
  }
}

std::int64_t DecoderPool::pictures_decoded() const {
  std::int64_t count = closed_pictures_;
  for (const auto& decoder : decoders_) {
    count += decoder->pictures_decoded();
  }
  return count;
}

std::int64_t DecoderPool::picture_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& decoder : decoders_) {
    bytes += decoder->picture_bytes();
  }
  return bytes;
}

}  // namespace lightly::media
