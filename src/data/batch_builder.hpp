#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <c10/util/FunctionRef.h>

#include "data/batch_memory.hpp"
#include "data/view_writer.hpp"
#include "lightly/core/random.hpp"
#include "lightly/data/collate.hpp"
#include "lightly/data/decode.hpp"
#include "lightly/data/on_error.hpp"
#include "lightly/data/sample.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::data {

/// A sample's place in a batch and its random stream.
struct Slot {
  /// In [0, size of the batch).
  std::int64_t position = 0;
  /// The sample's index in the data set.
  std::int64_t index = 0;
  /// How often the epoch has taken the sample before: each time its views differ.
  std::uint64_t occurrence = 0;
};

struct BatchBuilderOptions {
  OnError on_error = OnError::kThrow;
  Decode decode = Decode::kExact;
  /// float32 or uint8.
  at::ScalarType dtype = at::kFloat;
};

/// A batch in the making: threads put samples at their positions, one takes the whole.
class BatchBuilder {
 public:
  /// A batch, and what failed on the way to it, by position.
  struct Finished {
    Batch batch;
    std::vector<SampleFailure> failures;
  };

  /// Seconds that put() and replace() took, all threads together.
  struct Times {
    double load_seconds = 0.0;
    double decode_seconds = 0.0;
    double view_seconds = 0.0;
  };

  /// `collate` must outlive the builder; `key` gives seed and epoch.
  BatchBuilder(const BaseCollateFunction& collate, std::int64_t size, const core::RandomKey& key,
               std::shared_ptr<BatchMemory> memory, const BatchBuilderOptions& options = {});

  std::int64_t size() const { return static_cast<std::int64_t>(file_names_.size()); }

  /// Makes the views of what `load` returns and writes them into the slot; says whether that
  /// worked.
  ///
  /// Thread-safe for different positions. Throws nothing: what goes wrong waits for finish(), under
  /// the sample's name or, when there is no sample, under what `name` returns.
  bool put(const Slot& slot, c10::function_ref<Sample()> load,
           c10::function_ref<std::string()> name) noexcept;

  /// Another sample in the place of one that failed, which stays among the failures; says whether
  /// that worked.
  bool replace(const Slot& slot, c10::function_ref<Sample()> load) noexcept;

  /// The batch, when all positions are put. A position that failed and was not replaced is left out
  /// with kSkip, unless none is left; else the first one's error is thrown, as `callee: file name:
  /// reason`. Which one does not depend on the threads.
  Finished finish(std::string_view callee);

  Times times() const;

 private:
  /// What went wrong, or nothing.
  std::optional<std::string> attempt(const Slot& slot, c10::function_ref<Sample()> load) noexcept;
  void write(const Slot& slot, const Sample& sample);
  void check_sizes(std::string_view callee, const std::vector<std::size_t>& there) const;
  void leave_only(const std::vector<std::size_t>& there);
  /// Where the sample at `position` has its view; nothing when the batch's first has another size.
  std::optional<ViewWriter::Target> place(std::int64_t view, std::int64_t position,
                                          const transforms::Size& size);

  const BaseCollateFunction& collate_;
  core::RandomKey key_;
  BatchBuilderOptions options_;
  std::shared_ptr<BatchMemory> memory_;
  std::mutex mutex_;
  /// One a view, made when its first image has shown the size.
  std::vector<at::Tensor> views_;
  /// [position * number of views + view].
  std::vector<transforms::Size> sizes_;
  /// One a position: what went wrong.
  std::vector<std::optional<SampleFailure>> failures_;
  /// One a position: whether there is a sample.
  std::vector<char> filled_;
  std::vector<std::string> file_names_;
  std::vector<std::int64_t> targets_;
  std::vector<std::int64_t> indices_;
  std::atomic<std::int64_t> load_ns_ = 0;
  std::atomic<std::int64_t> decode_ns_ = 0;
  /// Decoding included.
  std::atomic<std::int64_t> view_ns_ = 0;
};

}  // namespace lightly::data
