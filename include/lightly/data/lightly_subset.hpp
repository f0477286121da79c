#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lightly/data/dataset.hpp"

namespace lightly::data {

/// Some samples of a data set, in an order of their own.
///
/// Images, targets and names are the base's, `Sample::index` is the position in the subset. As
/// lightly 1.6: LightlySubset; differs: of any Dataset, each sample at most once.
class LightlySubset : public Dataset {
 public:
  /// The samples with these names, in this order. Throws c10::ValueError for no base, a name that
  /// the base does not have, or one that is given twice.
  LightlySubset(DatasetPtr base, const std::vector<std::string>& filenames);

  /// The samples at these positions of the base, in this order. Throws c10::ValueError for no base,
  /// c10::IndexError for an index outside [0, size of the base) or one that is given twice.
  static LightlySubset of_indices(DatasetPtr base, std::vector<std::int64_t> indices);

  std::int64_t size() const override { return static_cast<std::int64_t>(indices_.size()); }
  Sample get(std::int64_t index) const override;
  std::string file_name(std::int64_t index) const override;

  const DatasetPtr& base() const { return base_; }

  /// Positions in the base, by positions in the subset.
  const std::vector<std::int64_t>& indices() const { return indices_; }

 private:
  explicit LightlySubset(DatasetPtr base);

  std::int64_t base_index(std::int64_t index) const;

  DatasetPtr base_;
  std::vector<std::int64_t> indices_;
};

}  // namespace lightly::data
