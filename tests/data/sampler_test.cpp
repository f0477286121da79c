#include "lightly/data/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using core::RandomKey;
using lightly::testing::error_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

using Indices = std::vector<std::int64_t>;

TEST(SequentialSampler, CountsUp) {
  EXPECT_THAT(SequentialSampler(4).order({.seed = 3, .epoch = 7}), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(error_text([] { SequentialSampler(-1); }),
            "SequentialSampler: size must be >= 0, got -1");
}

TEST(RandomSampler, IsAPermutationOfSeedAndEpoch) {
  const RandomSampler sampler(100);
  const Indices first = sampler.order({.seed = 1, .epoch = 0});
  EXPECT_EQ(std::set<std::int64_t>(first.begin(), first.end()).size(), 100U);
  EXPECT_EQ(first, sampler.order({.seed = 1, .epoch = 0}));
  EXPECT_NE(first, sampler.order({.seed = 1, .epoch = 1}));
  EXPECT_NE(first, sampler.order({.seed = 2, .epoch = 0}));
}

TEST(SubsetRandomSampler, TakesItsIndicesOnce) {
  const SubsetRandomSampler sampler({5, 40, 3});
  EXPECT_THAT(sampler.order({.seed = 1}), UnorderedElementsAre(3, 5, 40));
  std::set<Indices> orders;
  for (std::uint64_t epoch = 0; epoch < 60; ++epoch) {
    orders.insert(sampler.order({.seed = 1, .epoch = epoch}));
  }
  EXPECT_EQ(orders.size(), 6U);
}

TEST(WeightedRandomSampler, DrawsInProportionToTheWeights) {
  const std::vector<double> weights{1.0, 0.0, 3.0, 4.0, 0.0};
  const std::int64_t draws = 80'000;
  const WeightedRandomSampler sampler({.weights = weights, .num_samples = draws});
  std::vector<double> counts(5);
  for (const std::int64_t index : sampler.order({.seed = 5, .epoch = 2})) {
    counts.at(static_cast<std::size_t>(index)) += 1.0;
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double expected = static_cast<double>(draws) * weights[i] / 8.0;
    EXPECT_LE(std::abs(counts[i] - expected), 5.0 * std::sqrt(expected)) << "sample " << i;
  }
}

// Of weights 1, 2, 3 the first of two is 3 with probability 1/2, and the pair (3, 2) comes with
// 1/2 * 2/3.
TEST(WeightedRandomSampler, WithoutReplacementDrawsOneAfterTheOther) {
  const WeightedRandomSampler sampler(
      {.weights = {1.0, 2.0, 3.0}, .num_samples = 2, .replacement = false});
  int firsts = 0;
  int pairs = 0;
  constexpr int kEpochs = 6000;
  for (std::uint64_t epoch = 0; epoch < kEpochs; ++epoch) {
    const Indices drawn = sampler.order({.seed = 1, .epoch = epoch});
    ASSERT_NE(drawn[0], drawn[1]);
    firsts += drawn[0] == 2 ? 1 : 0;
    pairs += drawn == Indices{2, 1} ? 1 : 0;
  }
  EXPECT_NEAR(firsts, kEpochs / 2, 5 * std::sqrt(kEpochs / 4.0));
  EXPECT_NEAR(pairs, kEpochs / 3, 5 * std::sqrt(kEpochs * 2.0 / 9.0));
}

TEST(WeightedRandomSampler, NeverTakesAWeightOfZero) {
  for (const bool replacement : {true, false}) {
    const WeightedRandomSampler sampler(
        {.weights = {0.0, 1e-12, 0.0}, .num_samples = 1, .replacement = replacement});
    for (std::uint64_t epoch = 0; epoch < 100; ++epoch) {
      ASSERT_THAT(sampler.order({.epoch = epoch}), ElementsAre(1));
    }
  }
}

TEST(WeightedRandomSampler, RejectsWhatCannotBeDrawn) {
  const auto text = [](WeightedRandomSamplerOptions options) {
    return error_text([&] { WeightedRandomSampler sampler(std::move(options)); });
  };
  EXPECT_THAT(text({}), HasSubstr("weights must not be empty"));
  EXPECT_THAT(text({.weights = {1.0, -1.0}}), HasSubstr("must be >= 0 and finite, got -1 at 1"));
  EXPECT_THAT(text({.weights = {std::nan("")}}), HasSubstr("got nan at 0"));
  EXPECT_THAT(text({.weights = {0.0, 0.0}}), HasSubstr("the sum of the weights must be > 0"));
  EXPECT_THAT(text({.weights = {1e308, 1e308}}), HasSubstr("finite, got inf"));
  EXPECT_THAT(text({.weights = {1.0}, .num_samples = 0}), HasSubstr("num_samples must be >= 1"));
  EXPECT_THAT(text({.weights = {1.0, 0.0}, .num_samples = 2, .replacement = false}),
              HasSubstr("at most the number of weights > 0, 1, got 2"));
}

TEST(ShardSampler, ShardsAreDisjointAndOfOneSize) {
  const auto all = std::make_shared<const RandomSampler>(11);
  for (const bool drop_last : {false, true}) {
    std::multiset<std::int64_t> seen;
    for (std::int64_t shard = 0; shard < 3; ++shard) {
      const ShardSampler sampler(all, {.shard = shard, .num_shards = 3, .drop_last = drop_last});
      const Indices indices = sampler.order({.seed = 9, .epoch = 4});
      EXPECT_EQ(static_cast<std::int64_t>(indices.size()), sampler.size());
      EXPECT_EQ(sampler.size(), drop_last ? 3 : 4);
      seen.insert(indices.begin(), indices.end());
    }
    const std::set<std::int64_t> different(seen.begin(), seen.end());
    EXPECT_EQ(different.size(), drop_last ? 9U : 11U);
    EXPECT_EQ(seen.size(), drop_last ? 9U : 12U);
  }
}

TEST(ShardSampler, OfMoreShardsThanSamplesRepeatsThem) {
  const auto all = std::make_shared<const SequentialSampler>(2);
  EXPECT_THAT(ShardSampler(all, {.shard = 4, .num_shards = 5}).order({}), ElementsAre(0));
  EXPECT_THAT(error_text([&] { ShardSampler sampler(all, {.num_shards = 5, .drop_last = true}); }),
              HasSubstr("no sample would be left for each of 5 shards of 2 samples"));
  EXPECT_EQ(error_text([&] { ShardSampler sampler(all, {.shard = 2, .num_shards = 2}); }),
            "ShardSampler: shard must be in [0, 2), got 2");
  EXPECT_EQ(error_text([] { ShardSampler sampler(nullptr, {}); }),
            "ShardSampler: the sampler must not be null");
}

}  // namespace
}  // namespace lightly::data
