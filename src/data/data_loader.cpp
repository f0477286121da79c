#include "lightly/data/data_loader.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <iterator>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <ATen/Context.h>
#include <c10/util/Exception.h>

#include "data/batch_builder.hpp"
#include "data/batch_memory.hpp"
#include "data/device_copier.hpp"
#include "data/epoch_order.hpp"
#include "lightly/core/check.hpp"
#include "lightly/core/random.hpp"

namespace lightly::data {

void DataLoaderOptions::check() const {
  core::check_at_least("DataLoader", "batch_size", batch_size, 1);
  core::check_at_least("DataLoader", "num_workers", num_workers, 0);
  core::check_at_least("DataLoader", "prefetch_factor", prefetch_factor, 1);
  TORCH_CHECK_VALUE(dtype == at::kFloat || dtype == at::kByte,
                    "DataLoader: dtype must be float32 or uint8, got ", dtype);
}

namespace {

// The view under which replacements are drawn, beside RandomKey::kShuffle.
constexpr std::uint64_t kReplacements = core::RandomKey::kShuffle - 1;
constexpr int kMostReplacements = 16;
// An occurrence that no epoch reaches.
constexpr std::uint64_t kReplacing = std::uint64_t{1} << 31;

}  // namespace

/// The loader's state and its threads. One range at a time is served, named by a serial number.
class DataLoader::Engine {
 public:
  Engine(DatasetPtr dataset, BaseCollateFunction collate, DataLoaderOptions options)
      : dataset_(std::move(dataset)), collate_(std::move(collate)), options_(std::move(options)) {
    options_.check();
    TORCH_CHECK_VALUE(dataset_ != nullptr, "DataLoader: dataset must not be null");
    TORCH_CHECK_VALUE(dataset_->size() > 0, "DataLoader: dataset must not be empty");
    TORCH_CHECK_VALUE(options_.sampler == nullptr || !options_.shuffle,
                      "DataLoader: shuffle must be false with a sampler, which has the order");
    if (options_.sampler == nullptr && options_.shuffle) {
      options_.sampler = std::make_shared<RandomSampler>(dataset_->size());
    } else if (options_.sampler == nullptr) {
      options_.sampler = std::make_shared<SequentialSampler>(dataset_->size());
    }
    const std::int64_t samples = options_.sampler->size();
    TORCH_CHECK_VALUE(samples > 0, "DataLoader: sampler must not be empty");
    TORCH_CHECK_VALUE(!options_.drop_last || options_.batch_size <= samples,
                      "DataLoader: batch_size must be <= the size of the data set with drop_last, "
                      "got batch_size ",
                      options_.batch_size, " and ", samples, " samples");
    num_batches_ = options_.drop_last ? samples / options_.batch_size
                                      : (samples - 1) / options_.batch_size + 1;
    // Those ahead, the one the consumer holds, and the one it has just let go.
    const std::int64_t kept = (options_.prefetch_factor + 2) * collate_.num_views();
    if (!options_.device.is_cpu()) {
      copier_.emplace(options_.device);
    }
    memory_ = std::make_shared<BatchMemory>(
        static_cast<std::size_t>(kept),
        (options_.pin_memory || options_.device.is_cuda()) && at::hasCUDA());
    // Small pieces keep all workers busy at the end of a batch, large ones save locking.
    const std::int64_t pieces = 4 * std::max<std::int64_t>(options_.num_workers, 1);
    piece_ = std::clamp<std::int64_t>(options_.batch_size / pieces, 1, 16);
  }

  ~Engine() { stop(); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Apart from the constructor, so that the threads that run are joined when one cannot start.
  void start_workers() {
    for (std::int64_t i = 0; i < options_.num_workers; ++i) {
      try {
        workers_.emplace_back([this] { work(); });
      } catch (const std::system_error& error) {
        TORCH_CHECK(false, "DataLoader: cannot start worker ", i + 1,
                    " of num_workers = ", options_.num_workers, ": ", error.what());
      }
    }
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    for (std::thread& worker : workers_) {
      worker.join();
    }
    workers_.clear();
    window_.clear();
    ahead_.reset();
    memory_->close();
  }

  std::int64_t size() const { return num_batches_; }

  std::uint64_t begin(std::int64_t epoch, const EpochOptions& options) {
    core::check_at_least("DataLoader", "epoch", epoch, 0);
    TORCH_CHECK_VALUE(options.first_batch >= 0 && options.first_batch <= num_batches_,
                      "DataLoader: first_batch must be in [0, ", num_batches_, "], got ",
                      options.first_batch);
    const core::RandomKey key{.seed = options_.seed, .epoch = static_cast<std::uint64_t>(epoch)};
    // Before anything changes: a sampler may throw.
    EpochOrder order(*options_.sampler, key, dataset_->size());
    cancel(serial_);
    const std::scoped_lock lock(mutex_);
    key_ = key;
    order_ = std::move(order);
    statistics_ = {};
    failures_.clear();
    next_batch_ = options.first_batch;
    fill_window();
    return ++serial_;
  }

  /// Ends the range `serial`, if it is the one being served: nothing of it runs afterwards.
  void cancel(std::uint64_t serial) {
    std::unique_lock lock(mutex_);
    if (serial != serial_) {
      return;
    }
    next_batch_ = num_batches_;
    for (const auto& job : window_) {
      job->claimed = job->builder.size();
    }
    done_.wait(lock, [&] { return busy_ == 0; });
    window_.clear();
    ahead_.reset();
  }

  /// The next batch of the range `serial`, or none at its end.
  std::optional<Batch> next(std::uint64_t serial) {
    const auto asked = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    TORCH_CHECK(!stopping_, "DataLoader: a range must not be used after its loader is destroyed");
    TORCH_CHECK(serial == serial_,
                "DataLoader: a range must not be used after the next one was asked for");
    fill_window();
    if (!ahead_ && window_.empty()) {
      return std::nullopt;
    }
    std::optional<Made> ahead = std::exchange(ahead_, std::nullopt);
    Made made = ahead ? std::move(*ahead) : make(lock);
    if (copier_ && !window_.empty() && is_made(*window_.front())) {
      ahead_ = make(lock);
    }
    if (made.error) {
      std::rethrow_exception(made.error);
    }
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - asked;
    statistics_.batches += 1;
    statistics_.samples += static_cast<std::int64_t>(made.finished.batch.indices.size());
    statistics_.failures += static_cast<std::int64_t>(made.finished.failures.size());
    statistics_.wait_seconds += waited.count();
    statistics_.load_seconds += made.times.load_seconds;
    statistics_.decode_seconds += made.times.decode_seconds;
    statistics_.view_seconds += made.times.view_seconds;
    std::ranges::move(made.finished.failures, std::back_inserter(failures_));
    if (copier_ && made.copy) {
      return copier_->take(std::move(*made.copy));
    }
    return std::move(made.finished.batch);
  }

  LoaderStatistics statistics() const {
    const std::scoped_lock lock(mutex_);
    return statistics_;
  }

  std::vector<SampleFailure> failures() const {
    const std::scoped_lock lock(mutex_);
    return failures_;
  }

 private:
  /// A batch that was begun; the counts are guarded by mutex_.
  struct Job {
    Job(const Engine& engine, std::int64_t first_, std::int64_t size)
        : first(first_),
          builder(engine.collate_, size, engine.key_, engine.memory_,
                  {.on_error = engine.options_.on_error,
                   .decode = engine.options_.decode,
                   .dtype = engine.options_.dtype}) {}

    /// Where its samples begin in order_.
    std::int64_t first;
    BatchBuilder builder;
    std::int64_t claimed = 0;
    std::int64_t finished = 0;
  };

  /// A batch taken from the window, or what went wrong with it, which waits for its turn.
  struct Made {
    BatchBuilder::Finished finished = {};
    BatchBuilder::Times times = {};
    std::optional<DeviceCopier::Copy> copy = {};
    std::exception_ptr error = nullptr;
  };

  static bool is_made(const Job& job) { return job.finished == job.builder.size(); }

  // The front of the window, waited for and on its way to the device; `lock` is held but for the
  // time that takes.
  Made make(std::unique_lock<std::mutex>& lock) {
    const std::shared_ptr<Job> job = window_.front();
    if (workers_.empty()) {
      lock.unlock();
      run(*job, 0, job->builder.size());
      lock.lock();
    } else {
      done_.wait(lock, [&] { return is_made(*job); });
    }
    window_.pop_front();
    fill_window();
    lock.unlock();
    Made made{.times = job->builder.times()};
    try {
      made.finished = job->builder.finish("DataLoader");
      if (copier_) {
        made.copy = copier_->begin(made.finished.batch);
      }
    } catch (...) {
      made.error = std::current_exception();
    }
    lock.lock();
    return made;
  }

  // Begins as many batches as may be ahead; mutex_ is held.
  void fill_window() {
    const std::int64_t most = workers_.empty() ? 1 : options_.prefetch_factor;
    while (next_batch_ < num_batches_ && static_cast<std::int64_t>(window_.size()) < most) {
      const std::int64_t first = next_batch_ * options_.batch_size;
      const std::int64_t size = std::min(options_.batch_size, order_.size() - first);
      window_.push_back(std::make_shared<Job>(*this, first, size));
      ++next_batch_;
      work_.notify_all();
    }
  }

  // The first batch with samples that nobody has taken; mutex_ is held.
  std::shared_ptr<Job> open_job() const {
    const auto job = std::ranges::find_if(window_, [](const auto& candidate) {
      return candidate->claimed < candidate->builder.size();
    });
    return job == window_.end() ? nullptr : *job;
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      std::shared_ptr<Job> job;
      work_.wait(lock, [&] { return stopping_ || (job = open_job()) != nullptr; });
      if (stopping_) {
        return;
      }
      const std::int64_t begin = job->claimed;
      const std::int64_t end = std::min(begin + piece_, job->builder.size());
      job->claimed = end;
      ++busy_;
      lock.unlock();
      run(*job, begin, end);
      lock.lock();
      --busy_;
      job->finished += end - begin;
      if (job->finished == job->builder.size() || busy_ == 0) {
        done_.notify_all();
      }
    }
  }

  // Puts the samples [begin, end) of a batch; order_ does not change while a job runs.
  void run(Job& job, std::int64_t begin, std::int64_t end) {
    for (std::int64_t position = begin; position < end; ++position) {
      const Slot slot = order_.slot(job.first + position, position);
      const std::int64_t index = slot.index;
      const bool is_put = job.builder.put(
          slot, [&] { return dataset_->get(index); }, [&] { return dataset_->file_name(index); });
      if (!is_put && options_.on_error == OnError::kReplace) {
        replace(job.builder, position, index);
      }
    }
  }

  void replace(BatchBuilder& builder, std::int64_t position, std::int64_t index) const {
    core::RandomKey key = key_;
    key.index = static_cast<std::uint64_t>(index);
    key.view = kReplacements;
    core::Random random(key);
    for (int i = 0; i < kMostReplacements; ++i) {
      const auto other =
          static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(dataset_->size())));
      // Other views than where the epoch takes that sample itself.
      const Slot slot{.position = position, .index = other, .occurrence = kReplacing};
      if (builder.replace(slot, [&] { return dataset_->get(other); })) {
        return;
      }
    }
  }

  DatasetPtr dataset_;
  BaseCollateFunction collate_;
  DataLoaderOptions options_;
  std::shared_ptr<BatchMemory> memory_;
  /// For a device other than the CPU.
  std::optional<DeviceCopier> copier_;
  std::int64_t num_batches_ = 0;
  std::int64_t piece_ = 1;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  bool stopping_ = false;
  std::uint64_t serial_ = 0;
  core::RandomKey key_;
  EpochOrder order_;
  LoaderStatistics statistics_;
  std::vector<SampleFailure> failures_;
  /// The first batch that was not begun.
  std::int64_t next_batch_ = 0;
  /// Batches begun and not yet handed out, in order.
  std::deque<std::shared_ptr<Job>> window_;
  /// The batch after the one handed out last, when it could be sent to the device already.
  std::optional<Made> ahead_;
  /// Workers inside run().
  std::int64_t busy_ = 0;
  std::vector<std::thread> workers_;
};

DataLoader::DataLoader(DatasetPtr dataset, BaseCollateFunction collate, DataLoaderOptions options)
    : engine_(
          std::make_shared<Engine>(std::move(dataset), std::move(collate), std::move(options))) {
  engine_->start_workers();
}

DataLoader::~DataLoader() {
  engine_->stop();
}

std::int64_t DataLoader::size() const {
  return engine_->size();
}

LoaderStatistics DataLoader::statistics() const {
  return engine_->statistics();
}

std::vector<SampleFailure> DataLoader::failures() const {
  return engine_->failures();
}

BatchRange DataLoader::epoch(std::int64_t epoch, const EpochOptions& options) {
  return {engine_, engine_->begin(epoch, options)};
}

BatchRange::~BatchRange() {
  engine_->cancel(serial_);
}

BatchRange::Iterator BatchRange::begin() {
  TORCH_CHECK(!begun_ || !ended_,
              "DataLoader: a range is for one loop; ask for the epoch again, DataLoader::epoch");
  if (!begun_) {
    advance();
    begun_ = true;
  }
  return Iterator(this);
}

void BatchRange::advance() {
  // Let go first, so that the memory can serve the next batch.
  batch_ = {};
  std::optional<Batch> next = engine_->next(serial_);
  ended_ = !next;
  if (next) {
    batch_ = std::move(*next);
  }
}

}  // namespace lightly::data
