#include "lightly/core/random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/matchers.hpp"

namespace lightly::core {
namespace {

using lightly::testing::error_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Random, EngineGivesTheKnownAnswerOfRandom123) {
  // philox4x32, 10 rounds, counter and key zero: the first line of Random123's kat_vectors.
  at::philox_engine engine(0, 0, 0);
  EXPECT_EQ(engine(), 0x6627e8d5U);
  EXPECT_EQ(engine(), 0xe169c58dU);
  EXPECT_EQ(engine(), 0xbc57ac4cU);
  EXPECT_EQ(engine(), 0x9b00dbd8U);
}

TEST(Random, DrawsAreFixedForEver) {
  // Computed by tests/golden/core/random_draws.py; a change changes every result that a seed has
  // ever given.
  Random random({.seed = 1, .epoch = 2, .index = 3, .view = 1});
  EXPECT_EQ(random.bits(), 1982833565U);
  EXPECT_EQ(random.uniform(), 0.9137259721755981F);
  EXPECT_EQ(random.below(1000), 612U);
  EXPECT_EQ(random.below(1'000'000'000'000), 932391326858U);
  EXPECT_DOUBLE_EQ(random.normal(), -0.8072197257777127);
  EXPECT_THAT(random.permutation(5), ElementsAre(0, 3, 4, 1, 2));
}

TEST(Random, SameKeySameDraws) {
  const RandomKey key{.seed = 7, .epoch = 1, .index = 99, .view = 0};
  Random a(key);
  Random b(key);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(a.bits(), b.bits());
  }
}

TEST(Random, EveryFieldOfTheKeyMatters) {
  std::set<std::uint32_t> firsts;
  const std::uint64_t big = std::uint64_t{1} << 40;
  for (const RandomKey& key :
       {RandomKey{}, RandomKey{.seed = 1}, RandomKey{.epoch = 1}, RandomKey{.index = 1},
        RandomKey{.view = 1}, RandomKey{.seed = big}, RandomKey{.epoch = big},
        RandomKey{.index = big}, RandomKey{.view = RandomKey::kShuffle}}) {
    firsts.insert(Random(key).bits());
  }
  EXPECT_EQ(firsts.size(), 9U);
}

TEST(Random, UniformFillsEveryBinEvenly) {
  Random random(5);
  constexpr int kDraws = 200'000;
  std::array<int, 100> bins{};
  for (int i = 0; i < kDraws; ++i) {
    const float u = random.uniform();
    ASSERT_GE(u, 0.0F);
    ASSERT_LT(u, 1.0F);
    ++bins[static_cast<std::size_t>(u * 100.0F)];
  }
  double chi2 = 0.0;
  for (const int count : bins) {
    chi2 += (count - 2000.0) * (count - 2000.0) / 2000.0;
  }
  EXPECT_LT(chi2, 148.2);  // 99 degrees of freedom, p = 0.001
}

TEST(Random, FirstDrawsOfNeighbouringSamplesAreIndependent) {
  // The stream that matters: one fresh generator a sample. Mean, variance and correlation of
  // neighbours.
  constexpr int kSamples = 100'000;
  double sum = 0.0;
  double squares = 0.0;
  double products = 0.0;
  double last = 0.0;
  for (int i = 0; i < kSamples; ++i) {
    const double u = Random({.seed = 3, .index = static_cast<std::uint64_t>(i)}).uniform() - 0.5;
    sum += u;
    squares += u * u;
    products += u * last;
    last = u;
  }
  EXPECT_NEAR(sum / kSamples, 0.0, 4.0 * 0.2887 / std::sqrt(kSamples));
  EXPECT_NEAR(squares / kSamples, 1.0 / 12.0, 0.001);
  EXPECT_NEAR(products / kSamples, 0.0, 4.0 / 12.0 / std::sqrt(kSamples));
}

TEST(Random, NormalHasTheMomentsOfAGaussian) {
  Random random(11);
  constexpr int kDraws = 400'000;
  std::array<double, 5> moments{};
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    double power = 1.0;
    for (double& moment : moments) {
      moment += power / kDraws;
      power *= x;
    }
  }
  EXPECT_NEAR(moments[1], 0.0, 0.007);
  EXPECT_NEAR(moments[2], 1.0, 0.01);
  EXPECT_NEAR(moments[3], 0.0, 0.025);
  EXPECT_NEAR(moments[4], 3.0, 0.07);
}

TEST(Random, BernoulliIsExactAtTheEnds) {
  Random random(2);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_FALSE(random.bernoulli(0.0));
    ASSERT_TRUE(random.bernoulli(1.0));
    hits += random.bernoulli(0.3) ? 1 : 0;
  }
  EXPECT_NEAR(hits, 30'000, 600);
}

TEST(Random, BelowIsUniform) {
  Random random(4);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) {
    ++counts[random.below(7)];
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 10'000, 400);
  }
  const std::uint64_t huge = (std::uint64_t{1} << 63) + 12345;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LT(random.below(huge), huge);
    EXPECT_EQ(random.below(1), 0U);
  }
}

TEST(Random, PermutationHasEveryIndexOnceAndEveryOrderEquallyOften) {
  Random random(6);
  std::vector<std::int64_t> order = random.permutation(1000);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) {
    ASSERT_EQ(order[i], static_cast<std::int64_t>(i));
  }
  EXPECT_TRUE(random.permutation(0).empty());

  std::map<std::vector<std::int64_t>, int> counts;
  for (int i = 0; i < 24'000; ++i) {
    ++counts[random.permutation(4)];
  }
  EXPECT_EQ(counts.size(), 24U);
  for (const auto& [permutation, count] : counts) {
    EXPECT_NEAR(count, 1000, 150);
  }
}

TEST(Random, RejectsBadArguments) {
  Random random(1);
  EXPECT_THAT(error_text([&] { random.below(0); }), HasSubstr("n must be > 0, got 0"));
  EXPECT_THAT(error_text([&] { random.bernoulli(1.5); }), HasSubstr("must be in [0, 1], got 1.5"));
  EXPECT_THAT(error_text([&] { random.bernoulli(std::nan("")); }), HasSubstr("must be in [0, 1]"));
  EXPECT_THAT(error_text([&] { random.permutation(-1); }), HasSubstr("n must be >= 0, got -1"));
}

}  // namespace
}  // namespace lightly::core
