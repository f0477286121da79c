#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "lightly/data/collate.hpp"
#include "lightly/data/dataset.hpp"
#include "lightly/data/decode.hpp"
#include "lightly/data/on_error.hpp"
#include "lightly/data/sample.hpp"
#include "lightly/data/sampler.hpp"

namespace lightly::data {

struct DataLoaderOptions {
  /// Samples a batch, >= 1.
  std::int64_t batch_size = 16;
  /// Another order in each epoch, from seed and epoch.
  bool shuffle = false;
  /// Leave out a last batch of fewer than batch_size samples.
  bool drop_last = false;
  /// Threads that make batches, >= 0; 0: the consumer's own thread.
  std::int64_t num_workers = 0;
  /// Batches made ahead of the one the consumer holds, >= 1. Differs from torch's: all workers
  /// share them.
  std::int64_t prefetch_factor = 2;
  /// Of the order and of every view.
  std::uint64_t seed = 0;
  /// Page-locked memory, for copies to the GPU; ignored without CUDA.
  bool pin_memory = false;
  /// Where batches are handed out. Not on the CPU they are copied (with CUDA from page-locked
  /// memory) on a stream of the loader's own, the next one while the consumer uses this one: the
  /// consumer's current stream waits for the copy, its host thread does not with CUDA.
  c10::Device device = at::kCPU;
  /// Which samples an epoch takes, in which order; `shuffle` must be false then. None: all of them.
  /// A sample that comes more than once in an epoch has other random views each time.
  SamplerPtr sampler = nullptr;
  OnError on_error = OnError::kThrow;
  /// For data sets that give encoded images.
  Decode decode = Decode::kExact;
  /// Of the views: float32, normalised, or uint8 as the transforms make them, a quarter of the
  /// memory, for what is normalised on the device. uint8 asks for transforms that return it.
  at::ScalarType dtype = at::kFloat;

  void check() const;
};

struct EpochOptions {
  /// The batch to begin with, in [0, number of batches], to go on with an epoch that was cut off.
  std::int64_t first_batch = 0;
};

/// Where the time of an epoch goes, since DataLoader::epoch was called.
///
/// A loader is the bottleneck when the consumer waits; then more workers help until they take all
/// cores, and after that what makes loading or views cheaper.
struct LoaderStatistics {
  /// Handed out, or left out of what was.
  std::int64_t batches = 0;
  std::int64_t samples = 0;
  std::int64_t failures = 0;
  /// How long the consumer has waited for batches.
  double wait_seconds = 0.0;
  /// What the batches handed out took to make, all workers together: the data set's get(), decoding
  /// of encoded images, and their views.
  double load_seconds = 0.0;
  double decode_seconds = 0.0;
  double view_seconds = 0.0;
};

class BatchRange;

/// Batches of a data set, in order, made by worker threads.
///
///     for (const Batch& batch : loader.epoch(0)) { ... }
///
/// Batches are the same bit for bit for any number of workers. A batch may be kept: memory is used
/// again only when no tensor refers to it. What fails for a sample is thrown in the consumer when
/// the batch's turn comes, with the sample's name: `DataLoader: train/00042: reason`. Leaving the
/// loop early is fine. The threads live as long as the loader; it is not thread-safe itself.
class DataLoader {
 public:
  /// Throws c10::ValueError for no data set, an empty one, an epoch smaller than a batch when
  /// `drop_last`, a sampler and `shuffle`, or a device that LibTorch does not find;
  /// c10::Error when the system does not start so many workers.
  DataLoader(DatasetPtr dataset, BaseCollateFunction collate, DataLoaderOptions options = {});
  ~DataLoader();
  DataLoader(const DataLoader&) = delete;
  DataLoader& operator=(const DataLoader&) = delete;

  /// Batches an epoch.
  std::int64_t size() const;

  /// The batches of one epoch, `epoch` >= 0, for one loop; it ends the range given out before.
  BatchRange epoch(std::int64_t epoch, const EpochOptions& options = {});

  /// Of the epoch that was asked for last.
  LoaderStatistics statistics() const;

  /// The samples that were skipped or replaced in the batches handed out of the epoch that was
  /// asked for last, in their order, whatever the number of workers.
  std::vector<SampleFailure> failures() const;

  class Engine;

 private:
  std::shared_ptr<Engine> engine_;
};

/// What DataLoader::epoch gives: an input range, for one loop; a second one throws c10::Error.
class BatchRange {
 public:
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(BatchRange* range) : range_(range) {}

    const Batch& operator*() const { return range_->batch_; }
    const Batch* operator->() const { return &range_->batch_; }
    Iterator& operator++() {
      range_->advance();
      return *this;
    }
    void operator++(int) { range_->advance(); }
    bool operator==(std::default_sentinel_t) const { return range_->ended_; }

   private:
    BatchRange* range_;
  };

  BatchRange(std::shared_ptr<DataLoader::Engine> engine, std::uint64_t serial)
      : engine_(std::move(engine)), serial_(serial) {}
  ~BatchRange();
  BatchRange(const BatchRange&) = delete;
  BatchRange& operator=(const BatchRange&) = delete;

  /// Waits for the first batch.
  Iterator begin();
  std::default_sentinel_t end() const { return {}; }

 private:
  void advance();

  std::shared_ptr<DataLoader::Engine> engine_;
  std::uint64_t serial_;
  Batch batch_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace lightly::data
