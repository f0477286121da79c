#include "data/video_frames.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <c10/util/Exception.h>

#include "media/frame_size.hpp"

namespace lightly::data {
namespace {

// Of the cache, what a single way may fill.
constexpr std::int64_t kMostOfCache = 4;

}  // namespace

IndexedVideo IndexedVideo::read(std::filesystem::path path,
                                const media::VideoReaderOptions& options) {
  IndexedVideo video;
  video.index = std::make_shared<const media::VideoIndex>(
      !options.index_folder.empty()
          ? media::read_video_index_cached(path, options.index_folder, options.index)
          : media::read_video_index(path, options.index));
  video.path = std::move(path);
  const std::vector<media::VideoFrame>& frames = video.index->frames;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i == 0 || frames[i].start_packet != frames[i - 1].start_packet) {
      video.segments.push_back(static_cast<std::int64_t>(i));
    }
  }
  return video;
}

std::int64_t IndexedVideo::segment_begin(std::int64_t frame) const {
  return *(std::upper_bound(segments.begin(), segments.end(), frame) - 1);
}

std::int64_t IndexedVideo::frame_bytes(const media::VideoReaderOptions& options) const {
  const media::ImageSize size =
      media::resized_frames(options, *index)
          .value_or(media::ImageSize{.width = index->width, .height = index->height});
  return 3 * size.height * size.width;
}

VideoFrames::VideoFrames(std::vector<IndexedVideo> videos, VideoFramesOptions options)
    : videos_(std::move(videos)),
      options_(std::move(options)),
      cache_(options_.max_cache_bytes, options_.cache_order) {}

at::Tensor VideoFrames::frame(const FramePlace& place) {
  std::unique_lock lock(mutex_);
  while (true) {
    if (std::optional<at::Tensor> image = cache_.give(place)) {
      ++statistics_.cache_hits;
      ++statistics_.frames_given;
      return *std::move(image);
    }
    if (!will_be_kept(place)) {
      Station* station = nearest_before(place);
      if (station == nullptr) {
        station = replaceable(place);
      }
      if (station != nullptr && !station->is_busy) {
        return run(lock, *station, place);
      }
    }
    released_.wait(lock);
  }
}

bool VideoFrames::will_be_kept(const FramePlace& place) const {
  return std::any_of(stations_.begin(), stations_.end(), [&](const auto& station) {
    return station->is_busy && station->video == place.video && station->kept_from <= place.frame &&
           place.frame < station->position;
  });
}

// Whether it can go on to the frame.
bool VideoFrames::is_before(const Station& station, const FramePlace& place) const {
  return station.video == place.video && station.position <= place.frame &&
         station.position >=
             videos_[static_cast<std::size_t>(place.video)].segment_begin(place.frame);
}

VideoFrames::Station* VideoFrames::nearest_before(const FramePlace& place) {
  Station* nearest = nullptr;
  for (const auto& station : stations_) {
    if (is_before(*station, place) &&
        (nearest == nullptr || station->position > nearest->position)) {
      nearest = station.get();
    }
  }
  return nearest;
}

// A station to be put to another place, a new one while there may be more; none while all are busy.
VideoFrames::Station* VideoFrames::replaceable(const FramePlace& place) {
  // A place costs more than a file, whichever: the way to it from its key frame.
  enum Loss { kNothing, kNewFile, kOldFile, kPlace };
  const auto loss = [&](const Station& station) {
    if (!stands_at_a_segment(station)) {
      return kPlace;
    }
    return station.video == place.video ? kNothing : kOldFile;
  };
  Station* best = nullptr;
  for (const auto& station : stations_) {
    if (!station->is_busy && (best == nullptr || std::pair(loss(*station), station->last_used) <
                                                     std::pair(loss(*best), best->last_used))) {
      best = station.get();
    }
  }
  const bool has_room = static_cast<std::int64_t>(stations_.size()) < options_.max_open;
  if (has_room && (best == nullptr || loss(*best) > kNewFile)) {
    best = stations_.emplace_back(std::make_unique<Station>()).get();
  }
  return best;
}

// Whether what it would decode next needs nothing that it has decoded.
bool VideoFrames::stands_at_a_segment(const Station& station) const {
  if (station.video < 0) {
    return true;
  }
  const IndexedVideo& video = videos_[static_cast<std::size_t>(station.video)];
  return station.position >= video.index->size() ||
         video.segment_begin(station.position) == station.position;
}

at::Tensor VideoFrames::run(std::unique_lock<std::mutex>& lock, Station& station,
                            const FramePlace& place) {
  const IndexedVideo& video = videos_[static_cast<std::size_t>(place.video)];
  const std::int64_t start =
      is_before(station, place) ? station.position : video.segment_begin(place.frame);
  // Throws for a size that cannot be, while the station is still free.
  const bool keeps_passed = place.frame - start <= most_passed(video);
  const bool opens = station.video != place.video;
  if (opens && station.reader != nullptr) {
    --statistics_.open;
  }
  station.is_busy = true;
  station.last_used = ++uses_;
  station.video = place.video;
  station.position = place.frame + 1;
  station.kept_from = keeps_passed ? start : place.frame;
  lock.unlock();
  Decoded decoded;
  std::exception_ptr failure;
  try {
    if (opens) {
      open(station, video);
    }
    decoded = decode(*station.reader, station.kept_from, place.frame);
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  if (station.reader != nullptr) {
    count(station);
    statistics_.opened += opens ? 1 : 0;
    statistics_.open += opens ? 1 : 0;
  }
  if (failure) {
    // What it holds may be damaged.
    statistics_.open -= station.reader != nullptr ? 1 : 0;
    station = {};
    released_.notify_all();
    std::rethrow_exception(failure);
  }
  std::int64_t frame = station.kept_from;
  for (at::Tensor& image : decoded.passed) {
    keep({.video = place.video, .frame = frame++}, std::move(image), false);
  }
  keep(place, decoded.image, true);
  ++statistics_.frames_given;
  station.is_busy = false;
  released_.notify_all();
  return std::move(decoded.image);
}

std::int64_t VideoFrames::most_passed(const IndexedVideo& video) const {
  const std::int64_t bytes = std::max<std::int64_t>(video.frame_bytes(options_.reader), 1);
  return std::min(options_.keep_passed, options_.max_cache_bytes / kMostOfCache / bytes);
}

void VideoFrames::open(Station& station, const IndexedVideo& video) const {
  // First, so that no more than max_open are open.
  station.reader.reset();
  station.counted = {};
  media::VideoReaderOptions options = options_.reader;
  options.max_decoders = 1;
  station.reader = std::make_unique<media::VideoReader>(video.path, video.index, options);
}

VideoFrames::Decoded VideoFrames::decode(media::VideoReader& reader, std::int64_t from,
                                         std::int64_t frame) {
  Decoded decoded;
  try {
    for (std::int64_t i = from; i < frame; ++i) {
      decoded.passed.push_back(reader.frame(i));
    }
  } catch (const c10::Error&) {
    // Nobody has asked for it.
  }
  decoded.image = reader.frame(frame);
  return decoded;
}

void VideoFrames::keep(const FramePlace& place, at::Tensor image, bool given) {
  if (!cache_.contains(place)) {
    cache_.add(place, std::move(image), given);
  }
}

// Adds what the reader has done since the last time.
void VideoFrames::count(Station& station) {
  const media::VideoReaderStatistics now = station.reader->statistics();
  statistics_.frames_decoded += now.frames_decoded - station.counted.frames_decoded;
  statistics_.seeks += now.seeks - station.counted.seeks;
  station.counted = now;
}

VideoDatasetStatistics VideoFrames::statistics() const {
  const std::scoped_lock lock(mutex_);
  VideoDatasetStatistics statistics = statistics_;
  statistics.cached_bytes = cache_.bytes();
  return statistics;
}

}  // namespace lightly::data
