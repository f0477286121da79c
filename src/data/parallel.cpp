#include "data/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace lightly::data {

void for_each_in_parallel(std::int64_t count, std::int64_t num_threads,
                          const std::function<void(std::int64_t)>& work,
                          const std::function<void(std::int64_t, std::int64_t)>& progress) {
  std::atomic<std::int64_t> next = 0;
  std::mutex mutex;
  std::int64_t done = 0;
  std::exception_ptr failure;
  const auto run = [&] {
    try {
      for (std::int64_t i = next++; i < count; i = next++) {
        work(i);
        const std::scoped_lock lock(mutex);
        if (failure) {
          return;
        }
        ++done;
        if (progress) {
          progress(done, count);
        }
      }
    } catch (...) {
      const std::scoped_lock lock(mutex);
      if (!failure) {
        failure = std::current_exception();
      }
    }
  };
  if (num_threads == 0) {
    num_threads = std::max<std::int64_t>(1, std::thread::hardware_concurrency());
  }
  {
    std::vector<std::jthread> threads;
    try {
      for (std::int64_t i = 1; i < std::min(num_threads, count); ++i) {
        threads.emplace_back(run);
      }
    } catch (const std::system_error&) {
      num_threads = static_cast<std::int64_t>(threads.size()) + 1;  // these do the work
    }
    run();
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

}  // namespace lightly::data
