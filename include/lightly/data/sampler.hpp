#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "lightly/core/random.hpp"

namespace lightly::data {

/// Which samples an epoch takes, and in which order. Immutable and thread-safe.
class Sampler {
 public:
  virtual ~Sampler() = default;

  /// Samples an epoch takes.
  virtual std::int64_t size() const = 0;

  /// The indices of one epoch, size() of them; seed and epoch of `key` say which.
  virtual std::vector<std::int64_t> order(const core::RandomKey& key) const = 0;
};

using SamplerPtr = std::shared_ptr<const Sampler>;

/// 0, 1, 2 ... As torch.utils.data.SequentialSampler.
class SequentialSampler : public Sampler {
 public:
  /// Throws c10::ValueError for a negative size.
  explicit SequentialSampler(std::int64_t size);

  std::int64_t size() const override { return size_; }
  std::vector<std::int64_t> order(const core::RandomKey& key) const override;

 private:
  std::int64_t size_;
};

/// Every sample once, in another order each epoch. As torch.utils.data.RandomSampler.
class RandomSampler : public Sampler {
 public:
  /// Throws c10::ValueError for a negative size.
  explicit RandomSampler(std::int64_t size);

  std::int64_t size() const override { return size_; }
  std::vector<std::int64_t> order(const core::RandomKey& key) const override;

 private:
  std::int64_t size_;
};

/// Some samples of a data set, each once, in another order each epoch. As
/// torch.utils.data.SubsetRandomSampler.
class SubsetRandomSampler : public Sampler {
 public:
  explicit SubsetRandomSampler(std::vector<std::int64_t> indices);

  std::int64_t size() const override { return static_cast<std::int64_t>(indices_.size()); }
  std::vector<std::int64_t> order(const core::RandomKey& key) const override;

 private:
  std::vector<std::int64_t> indices_;
};

struct WeightedRandomSamplerOptions {
  /// How likely each sample of the data set is, in proportion; >= 0, finite, their sum > 0.
  std::vector<double> weights = {};
  /// Samples an epoch takes, >= 1; without replacement at most as many as have a weight > 0.
  std::int64_t num_samples = 1;
  /// Whether an epoch may take a sample more than once.
  bool replacement = true;

  /// Throws c10::ValueError that names the field out of bounds.
  void check() const;
};

/// Samples in proportion to their weights, drawn anew each epoch. As
/// torch.utils.data.WeightedRandomSampler.
class WeightedRandomSampler : public Sampler {
 public:
  explicit WeightedRandomSampler(WeightedRandomSamplerOptions options);

  std::int64_t size() const override { return options_.num_samples; }
  std::vector<std::int64_t> order(const core::RandomKey& key) const override;

 private:
  WeightedRandomSamplerOptions options_;
  /// Sums of the weights up to and with each sample.
  std::vector<double> sums_;
};

struct ShardSamplerOptions {
  /// Which of the shards, in [0, num_shards).
  std::int64_t shard = 0;
  /// >= 1, such as the number of processes that train together.
  std::int64_t num_shards = 1;
  /// Leave out what does not fill every shard; otherwise samples from the beginning come again.
  bool drop_last = false;

  /// Throws c10::ValueError that names the field out of bounds.
  void check() const;
};

/// Every num_shards-th sample of another sampler's order, so that shards of one seed are disjoint
/// and of one size. As torch.utils.data.DistributedSampler.
class ShardSampler : public Sampler {
 public:
  /// Throws c10::ValueError for no sampler, or for shards that would be empty.
  ShardSampler(SamplerPtr all, ShardSamplerOptions options);

  std::int64_t size() const override { return size_; }
  std::vector<std::int64_t> order(const core::RandomKey& key) const override;

 private:
  SamplerPtr all_;
  ShardSamplerOptions options_;
  std::int64_t size_ = 0;
};

}  // namespace lightly::data
