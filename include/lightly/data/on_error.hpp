#pragma once

#include <cstdint>
#include <string>

namespace lightly::data {

/// What becomes of a sample that cannot be loaded, or of which a view cannot be made.
enum class OnError {
  /// Its error is thrown in the consumer when the batch's turn comes.
  kThrow,
  /// The batch is that much smaller; one of which nothing is left is an error.
  kSkip,
  /// Another sample takes its place, which seed, epoch and index decide; of 16 one must be sound.
  kReplace,
};

/// A sample that failed.
struct SampleFailure {
  /// Its index in the data set.
  std::int64_t index = 0;
  std::string file_name = {};
  std::string reason = {};
};

}  // namespace lightly::data
