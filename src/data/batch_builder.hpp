#pragma once

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
#include "lightly/data/sample.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::data {

/// A batch in the making: threads put samples at their positions, one takes the whole.
class BatchBuilder {
 public:
  /// `collate` must outlive the builder; `key` gives seed and epoch.
  BatchBuilder(const BaseCollateFunction& collate, std::int64_t size, const core::RandomKey& key,
               std::shared_ptr<BatchMemory> memory);

  std::int64_t size() const { return static_cast<std::int64_t>(file_names_.size()); }

  /// Makes the views of what `load` returns and writes them at `position`, in [0, size()).
  ///
  /// Thread-safe for different positions. Throws nothing: what goes wrong waits for finish(), under
  /// the sample's name or, when there is no sample, under what `name` returns.
  void put(std::int64_t position, c10::function_ref<Sample()> load,
           c10::function_ref<std::string()> name) noexcept;

  /// The batch, when all positions are put; else the error of the first position that has one, as
  /// `callee: file name: reason`. Which one does not depend on the threads.
  Batch finish(std::string_view callee);

 private:
  void write(std::int64_t position, const Sample& sample);
  /// Where the sample at `position` has its view; nothing when the batch's first has another size.
  std::optional<ViewWriter::FloatImage> slot(std::int64_t view, std::int64_t position,
                                             const transforms::Size& size);

  const BaseCollateFunction& collate_;
  core::RandomKey key_;
  std::shared_ptr<BatchMemory> memory_;
  std::mutex mutex_;
  /// One a view, made when its first image has shown the size.
  std::vector<at::Tensor> views_;
  /// [position * number of views + view].
  std::vector<transforms::Size> sizes_;
  /// One a position: empty, or what went wrong.
  std::vector<std::string> errors_;
  std::vector<std::string> file_names_;
  std::vector<std::int64_t> targets_;
  std::vector<std::int64_t> indices_;
};

}  // namespace lightly::data
