#include "lightly/data/lightly_subset.hpp"

#include <cstddef>
#include <unordered_map>
#include <utility>

#include <c10/util/Exception.h>

#include "data/some_names.hpp"

namespace lightly::data {

LightlySubset::LightlySubset(DatasetPtr base) : base_(std::move(base)) {
  TORCH_CHECK_VALUE(base_ != nullptr, "LightlySubset: base must not be null");
}

LightlySubset::LightlySubset(DatasetPtr base, const std::vector<std::string>& filenames)
    : LightlySubset(std::move(base)) {
  std::unordered_map<std::string, std::size_t> positions;
  for (const std::string& name : filenames) {
    const bool first = positions.emplace(name, positions.size()).second;
    TORCH_CHECK_VALUE(first, "LightlySubset: filenames must name each sample once, got ", name,
                      " twice");
  }
  constexpr std::int64_t kUnknown = -1;
  indices_.assign(filenames.size(), kUnknown);
  for (std::int64_t index = 0; index < base_->size(); ++index) {
    const auto position = positions.find(base_->file_name(index));
    if (position != positions.end()) {
      indices_[position->second] = index;
    }
  }
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < filenames.size(); ++i) {
    if (indices_[i] == kUnknown) {
      unknown.push_back(filenames[i]);
    }
  }
  TORCH_CHECK_VALUE(unknown.empty(), "LightlySubset: filenames must be in the base, got ",
                    unknown.size(), " that are not: ", some_names(unknown));
}

LightlySubset LightlySubset::of_indices(DatasetPtr base, std::vector<std::int64_t> indices) {
  LightlySubset subset(std::move(base));
  const std::int64_t size = subset.base_->size();
  std::vector<bool> seen(static_cast<std::size_t>(size), false);
  for (const std::int64_t index : indices) {
    TORCH_CHECK_INDEX(index >= 0 && index < size, "LightlySubset: indices must be in [0, ", size,
                      "), got ", index);
    TORCH_CHECK_INDEX(!seen[static_cast<std::size_t>(index)],
                      "LightlySubset: indices must name each sample once, got ", index, " twice");
    seen[static_cast<std::size_t>(index)] = true;
  }
  subset.indices_ = std::move(indices);
  return subset;
}

Sample LightlySubset::get(std::int64_t index) const {
  Sample sample = base_->get(base_index(index));
  sample.index = index;
  return sample;
}

std::string LightlySubset::file_name(std::int64_t index) const {
  return base_->file_name(base_index(index));
}

std::int64_t LightlySubset::base_index(std::int64_t index) const {
  TORCH_CHECK_INDEX(index >= 0 && index < size(), "LightlySubset: index must be in [0, ", size(),
                    "), got ", index);
  return indices_[static_cast<std::size_t>(index)];
}

}  // namespace lightly::data
