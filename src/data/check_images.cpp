#include "lightly/data/check_images.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/media/image_io.hpp"

namespace lightly::data {
namespace {

// Decodes the images of a data set in several threads.
class ImageCheck {
 public:
  ImageCheck(const LightlyDataset& dataset, const CheckImagesOptions& options)
      : dataset_(dataset), options_(options), reasons_(static_cast<std::size_t>(dataset.size())) {}

  void run(std::int64_t num_threads) {
    std::vector<std::jthread> threads;
    for (std::int64_t i = 1; i < num_threads; ++i) {
      threads.emplace_back([this] { work(); });
    }
    work();
    threads.clear();  // waits for them
    if (failure_) {
      std::rethrow_exception(failure_);
    }
  }

  // Why the image cannot be loaded, for those that cannot.
  std::optional<std::string>& reason(std::int64_t index) {
    return reasons_[static_cast<std::size_t>(index)];
  }

 private:
  void work() {
    try {
      for (std::int64_t index = next_++; index < dataset_.size(); index = next_++) {
        decode(index);
        const std::scoped_lock lock(mutex_);
        if (failure_) {
          return;
        }
        ++done_;
        if (options_.progress) {
          options_.progress(done_, dataset_.size());
        }
      }
    } catch (...) {
      const std::scoped_lock lock(mutex_);
      if (!failure_) {
        failure_ = std::current_exception();
      }
    }
  }

  void decode(std::int64_t index) {
    try {
      media::load_image(dataset_.path(index), options_.dataset.image);
    } catch (const c10::Error& error) {
      reason(index) = error.what_without_backtrace();
    }
  }

  const LightlyDataset& dataset_;
  const CheckImagesOptions& options_;
  std::vector<std::optional<std::string>> reasons_;
  std::atomic<std::int64_t> next_ = 0;
  std::mutex mutex_;
  std::int64_t done_ = 0;
  // The first error that is not an image's.
  std::exception_ptr failure_;
};

}  // namespace

void CheckImagesOptions::check() const {
  core::check_at_least("check_images", "num_workers", num_workers, 0);
  dataset.check();
}

CheckImagesReport check_images(const std::filesystem::path& input_dir,
                               const CheckImagesOptions& options) {
  options.check();
  const LightlyDataset dataset(input_dir, options.dataset);
  const std::int64_t num_threads =
      options.num_workers > 0 ? options.num_workers
                              : std::max<std::int64_t>(1, std::thread::hardware_concurrency());
  ImageCheck check(dataset, options);
  check.run(std::min(num_threads, dataset.size()));
  CheckImagesReport report;
  for (std::int64_t index = 0; index < dataset.size(); ++index) {
    if (std::optional<std::string>& reason = check.reason(index)) {
      report.corrupt.push_back({.name = dataset.file_name(index), .reason = std::move(*reason)});
    } else {
      report.healthy.push_back(dataset.file_name(index));
    }
  }
  return report;
}

}  // namespace lightly::data
