#include "data/epoch_order.hpp"

#include <c10/util/Exception.h>

namespace lightly::data {

EpochOrder::EpochOrder(const Sampler& sampler, const core::RandomKey& key, std::int64_t size)
    : indices_(sampler.order(key)) {
  TORCH_CHECK_VALUE(this->size() == sampler.size(),
                    "DataLoader: the sampler must give as many indices as it has, ", sampler.size(),
                    ", got ", this->size());
  std::vector<std::uint32_t> seen(static_cast<std::size_t>(size));
  for (std::size_t place = 0; place < indices_.size(); ++place) {
    const std::int64_t index = indices_[place];
    TORCH_CHECK_VALUE(index >= 0 && index < size,
                      "DataLoader: the sampler's indices must be in [0, ", size, "), got ", index);
    const std::uint32_t occurrence = seen[static_cast<std::size_t>(index)]++;
    if (occurrence > 0) {
      occurrences_.resize(indices_.size());
      occurrences_[place] = occurrence;
    }
  }
}

}  // namespace lightly::data
