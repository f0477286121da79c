#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lightly/data/dataset.hpp"
#include "lightly/data/sample.hpp"

namespace lightly::data {

/// What a CachedDataset holds of a sample that comes encoded.
enum class CacheContent {
  /// The file's bytes: saves reading.
  kEncoded,
  /// The pixels of the whole image: saves decoding, and takes some ten times as much.
  kPixels,
};

struct CacheOptions {
  /// Most bytes of images that are held, >= 0; what does not fit is loaded each time.
  std::int64_t max_bytes = std::int64_t{1} << 30;
  CacheContent content = CacheContent::kEncoded;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// Another data set, whose samples stay in memory from their first use on while there is room. The
/// samples are the same, and so are batches: bit for bit, but for Decode::kFast beside kPixels,
/// where nothing is left to decode. Nothing is let go for something else: an epoch takes every
/// sample once, so that what it found last would be what the next one needs last.
class CachedDataset : public Dataset {
 public:
  /// Throws c10::ValueError for no data set.
  explicit CachedDataset(DatasetPtr dataset, const CacheOptions& options = {});

  std::int64_t size() const override { return dataset_->size(); }
  Sample get(std::int64_t index) const override;
  std::string file_name(std::int64_t index) const override { return dataset_->file_name(index); }

  /// Bytes of images that are held.
  std::int64_t cached_bytes() const { return bytes_; }

  /// Samples that are held.
  std::int64_t cached_samples() const { return samples_; }

 private:
  bool reserve(std::int64_t bytes) const;

  DatasetPtr dataset_;
  CacheOptions options_;
  /// By index; null until it is held. Guarded by the mutex of index modulo their number.
  mutable std::vector<std::shared_ptr<const Sample>> held_;
  mutable std::vector<std::mutex> mutexes_;
  mutable std::atomic<std::int64_t> bytes_ = 0;
  mutable std::atomic<std::int64_t> samples_ = 0;
};

}  // namespace lightly::data
