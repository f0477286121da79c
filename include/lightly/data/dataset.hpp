#pragma once

#include <cstdint>
#include <memory>

#include "lightly/data/sample.hpp"

namespace lightly::data {

/// An immutable, thread-safe list of samples, shared as `DatasetPtr`.
class Dataset {
 public:
  virtual ~Dataset() = default;

  /// Number of samples.
  virtual std::int64_t size() const = 0;

  /// The sample at `index` in [0, size()); throws c10::IndexError outside. Errors name the file.
  virtual Sample get(std::int64_t index) const = 0;

  /// The name `get(index)` would give, without loading the image.
  virtual std::string file_name(std::int64_t index) const = 0;
};

using DatasetPtr = std::shared_ptr<const Dataset>;

}  // namespace lightly::data
