#pragma once

#include <cstdint>
#include <functional>

namespace lightly::data {

/// Calls `work(i)` once for each i in [0, count), in increasing order, by `num_threads` threads,
/// the caller's one of them; 0: one for each processor; fewer where the system has no more.
/// `progress`, if there is one, is called
/// after each with the calls done and `count`, one at a time. What either throws ends the rest and
/// is thrown; an i that was begun is ended before.
void for_each_in_parallel(std::int64_t count, std::int64_t num_threads,
                          const std::function<void(std::int64_t)>& work,
                          const std::function<void(std::int64_t, std::int64_t)>& progress);

}  // namespace lightly::data
