#include "lightly/data/cached_dataset.hpp"

#include <cstddef>
#include <utility>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"

namespace lightly::data {
namespace {

constexpr std::size_t kMutexes = 64;

std::int64_t bytes_of(const Sample& sample) {
  return static_cast<std::int64_t>(sample.encoded ? sample.encoded->bytes().size()
                                                  : sample.image.nbytes());
}

}  // namespace

void CacheOptions::check() const {
  core::check_at_least("CachedDataset", "max_bytes", max_bytes, 0);
}

CachedDataset::CachedDataset(DatasetPtr dataset, const CacheOptions& options)
    : dataset_(std::move(dataset)), options_(options), mutexes_(kMutexes) {
  options_.check();
  TORCH_CHECK_VALUE(dataset_ != nullptr, "CachedDataset: dataset must not be null");
  held_.resize(static_cast<std::size_t>(dataset_->size()));
}

Sample CachedDataset::get(std::int64_t index) const {
  TORCH_CHECK_INDEX(index >= 0 && index < size(), "CachedDataset: index must be in [0, ", size(),
                    "), got ", index);
  const auto place = static_cast<std::size_t>(index);
  std::mutex& mutex = mutexes_[place % kMutexes];
  {
    const std::scoped_lock lock(mutex);
    if (held_[place]) {
      return *held_[place];
    }
  }
  Sample sample = dataset_->get(index);
  if (sample.encoded && options_.content == CacheContent::kPixels) {
    const std::int64_t pixels = 3 * sample.encoded->height() * sample.encoded->width();
    if (bytes_ + pixels > options_.max_bytes) {
      return sample;  // its views may need but a part of it
    }
    sample.image = sample.pixels();
    sample.encoded.reset();
  }
  const std::int64_t bytes = bytes_of(sample);
  if (!reserve(bytes)) {
    return sample;
  }
  const std::scoped_lock lock(mutex);
  if (held_[place]) {
    bytes_ -= bytes;  // another thread was faster
  } else {
    held_[place] = std::make_shared<const Sample>(sample);
    ++samples_;
  }
  return sample;
}

// Takes the bytes out of what is left, if they are left.
bool CachedDataset::reserve(std::int64_t bytes) const {
  std::int64_t held = bytes_;
  while (held + bytes <= options_.max_bytes) {
    if (bytes_.compare_exchange_weak(held, held + bytes)) {
      return true;
    }
  }
  return false;
}

}  // namespace lightly::data
