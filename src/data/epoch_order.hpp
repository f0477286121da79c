#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/batch_builder.hpp"
#include "lightly/core/random.hpp"
#include "lightly/data/sampler.hpp"

namespace lightly::data {

/// Which samples an epoch takes, place by place.
class EpochOrder {
 public:
  EpochOrder() = default;

  /// Of a data set of `size` samples. Throws c10::ValueError when the sampler gives another number
  /// of indices than it says or one outside the data set.
  EpochOrder(const Sampler& sampler, const core::RandomKey& key, std::int64_t size);

  std::int64_t size() const { return static_cast<std::int64_t>(indices_.size()); }

  /// The sample at `place` in [0, size()), for `position` of its batch.
  Slot slot(std::int64_t place, std::int64_t position) const {
    const auto p = static_cast<std::size_t>(place);
    return {.position = position,
            .index = indices_[p],
            .occurrence = occurrences_.empty() ? 0 : occurrences_[p]};
  }

 private:
  std::vector<std::int64_t> indices_;
  /// How often the sample came before; empty when none comes twice.
  std::vector<std::uint32_t> occurrences_;
};

}  // namespace lightly::data
