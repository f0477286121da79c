#include "data/frame_cache.hpp"

#include <iterator>
#include <utility>

namespace lightly::data {

std::optional<at::Tensor> FrameCache::give(const FramePlace& place) {
  const auto found = entries_.find(place);
  if (found == entries_.end()) {
    return std::nullopt;
  }
  const Entries::iterator entry = found->second;
  given_.splice(given_.end(), entry->given ? given_ : waiting_, entry);
  entry->given = true;
  return entry->image;
}

void FrameCache::add(const FramePlace& place, at::Tensor image, bool given) {
  const auto bytes = static_cast<std::int64_t>(image.nbytes());
  if (bytes > max_bytes_) {
    return;
  }
  while (bytes_ + bytes > max_bytes_) {
    drop_one();
  }
  given = given || order_ == FrameCacheOrder::kLongestUnused;
  Entries& entries = given ? given_ : waiting_;
  entries.push_back({.place = place, .image = std::move(image), .given = given});
  entries_.emplace(place, std::prev(entries.end()));
  bytes_ += bytes;
}

void FrameCache::drop_one() {
  Entries& entries = given_.empty() ? waiting_ : given_;
  bytes_ -= static_cast<std::int64_t>(entries.front().image.nbytes());
  entries_.erase(entries.front().place);
  entries.pop_front();
}

}  // namespace lightly::data
