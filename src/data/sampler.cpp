#include "lightly/data/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

#include <c10/util/Exception.h>

#include "data/shuffler.hpp"
#include "lightly/core/check.hpp"

namespace lightly::data {
namespace {

// Uniform in (0, 1), of 53 bits, so that weights far below the sum of all have their chance.
double fine_uniform(core::Random& random) {
  const std::uint64_t high = random.bits() >> 6;
  const std::uint64_t low = random.bits() >> 5;
  return (static_cast<double>((high << 27) | low) + 0.5) * 0x1p-53;
}

}  // namespace

SequentialSampler::SequentialSampler(std::int64_t size) : size_(size) {
  core::check_at_least("SequentialSampler", "size", size, 0);
}

std::vector<std::int64_t> SequentialSampler::order(const core::RandomKey& /*key*/) const {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(size_));
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return indices;
}

RandomSampler::RandomSampler(std::int64_t size) : size_(size) {
  core::check_at_least("RandomSampler", "size", size, 0);
}

std::vector<std::int64_t> RandomSampler::order(const core::RandomKey& key) const {
  return shuffler(key).permutation(size_);
}

SubsetRandomSampler::SubsetRandomSampler(std::vector<std::int64_t> indices)
    : indices_(std::move(indices)) {}

std::vector<std::int64_t> SubsetRandomSampler::order(const core::RandomKey& key) const {
  std::vector<std::int64_t> places = shuffler(key).permutation(size());
  for (std::int64_t& place : places) {
    place = indices_[static_cast<std::size_t>(place)];
  }
  return places;
}

void WeightedRandomSamplerOptions::check() const {
  TORCH_CHECK_VALUE(!weights.empty(), "WeightedRandomSampler: weights must not be empty");
  double sum = 0.0;
  std::int64_t positive = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    TORCH_CHECK_VALUE(weights[i] >= 0.0 && std::isfinite(weights[i]),
                      "WeightedRandomSampler: weights must be >= 0 and finite, got ", weights[i],
                      " at ", i);
    sum += weights[i];
    positive += weights[i] > 0.0 ? 1 : 0;
  }
  TORCH_CHECK_VALUE(sum > 0.0 && std::isfinite(sum),
                    "WeightedRandomSampler: the sum of the weights must be > 0 and finite, got ",
                    sum);
  core::check_at_least("WeightedRandomSampler", "num_samples", num_samples, 1);
  TORCH_CHECK_VALUE(replacement || num_samples <= positive,
                    "WeightedRandomSampler: num_samples without replacement must be at most the "
                    "number of weights > 0, ",
                    positive, ", got ", num_samples);
}

WeightedRandomSampler::WeightedRandomSampler(WeightedRandomSamplerOptions options)
    : options_(std::move(options)) {
  options_.check();
  sums_.resize(options_.weights.size());
  std::partial_sum(options_.weights.begin(), options_.weights.end(), sums_.begin());
}

std::vector<std::int64_t> WeightedRandomSampler::order(const core::RandomKey& key) const {
  core::Random random = shuffler(key);
  const auto count = static_cast<std::size_t>(options_.num_samples);
  std::vector<std::int64_t> indices(count);
  if (options_.replacement) {
    for (std::int64_t& index : indices) {
      // The first whose sum is above the draw: never one of weight 0, whose sum is no larger than
      // the one before. A draw is below the last sum, but for rounding.
      const double draw = fine_uniform(random) * sums_.back();
      const auto above = std::upper_bound(sums_.begin(), sums_.end(), draw);
      const auto last = std::lower_bound(sums_.begin(), sums_.end(), sums_.back());
      index = std::min(above, last) - sums_.begin();
    }
    return indices;
  }
  // The order of -log(u) / weight is that of drawing one after the other (Efraimidis and Spirakis,
  // Weighted Random Sampling with a Reservoir, 2006).
  std::vector<std::pair<double, std::int64_t>> arrivals;
  for (std::size_t i = 0; i < options_.weights.size(); ++i) {
    const double draw = -std::log(fine_uniform(random));
    if (options_.weights[i] > 0.0) {
      arrivals.emplace_back(draw / options_.weights[i], static_cast<std::int64_t>(i));
    }
  }
  const auto end = arrivals.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(arrivals.begin(), end, arrivals.end());
  std::transform(arrivals.begin(), end, indices.begin(),
                 [](const auto& item) { return item.second; });
  return indices;
}

void ShardSamplerOptions::check() const {
  core::check_at_least("ShardSampler", "num_shards", num_shards, 1);
  TORCH_CHECK_VALUE(shard >= 0 && shard < num_shards, "ShardSampler: shard must be in [0, ",
                    num_shards, "), got ", shard);
}

ShardSampler::ShardSampler(SamplerPtr all, ShardSamplerOptions options)
    : all_(std::move(all)), options_(options) {
  options_.check();
  TORCH_CHECK_VALUE(all_ != nullptr, "ShardSampler: the sampler must not be null");
  const std::int64_t samples = all_->size();
  const std::int64_t more = options_.drop_last ? 0 : options_.num_shards - 1;
  size_ = (samples + more) / options_.num_shards;
  TORCH_CHECK_VALUE(size_ > 0, "ShardSampler: no sample would be left for each of ",
                    options_.num_shards, " shards of ", samples, " samples");
}

std::vector<std::int64_t> ShardSampler::order(const core::RandomKey& key) const {
  const std::vector<std::int64_t> all = all_->order(key);
  std::vector<std::int64_t> indices(static_cast<std::size_t>(size_));
  for (std::int64_t i = 0; i < size_; ++i) {
    const std::int64_t place = i * options_.num_shards + options_.shard;
    indices[static_cast<std::size_t>(i)] = all[static_cast<std::size_t>(place) % all.size()];
  }
  return indices;
}

}  // namespace lightly::data
