#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

#include <ATen/core/Tensor.h>

namespace lightly::data {

/// A frame of one of several videos.
struct FramePlace {
  std::int64_t video = 0;
  std::int64_t frame = 0;

  bool operator==(const FramePlace&) const = default;
};

/// What goes first when a FrameCache is full.
enum class FrameCacheOrder {
  /// What has been given already, the longest unused of it, then what has waited longest.
  kGivenFirst,
  /// What has been given or has waited longest: for frames that are given more than once.
  kLongestUnused,
};

/// Decoded frames within a bound of bytes. Not thread-safe.
class FrameCache {
 public:
  FrameCache(std::int64_t max_bytes, FrameCacheOrder order)
      : max_bytes_(max_bytes), order_(order) {}

  /// The frame, if it is held; from now on it has been given.
  std::optional<at::Tensor> give(const FramePlace& place);

  bool contains(const FramePlace& place) const { return entries_.contains(place); }

  /// Holds a frame, which is not held yet, if it fits at all. `given`: it has been given.
  void add(const FramePlace& place, at::Tensor image, bool given);

  std::int64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    FramePlace place;
    at::Tensor image;
    bool given = false;
  };
  using Entries = std::list<Entry>;

  struct Hash {
    std::size_t operator()(const FramePlace& place) const {
      return std::hash<std::int64_t>()(place.video * 0x9E3779B1 + place.frame);
    }
  };

  void drop_one();

  std::int64_t max_bytes_;
  FrameCacheOrder order_;
  std::int64_t bytes_ = 0;
  /// Each from the next to go to the last one; with kLongestUnused all are in the first.
  Entries given_;
  Entries waiting_;
  std::unordered_map<FramePlace, Entries::iterator, Hash> entries_;
};

}  // namespace lightly::data
