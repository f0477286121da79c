#include "lightly/evaluation/neighbours.hpp"

#include <sys/resource.h>

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/core/random.hpp"
#include "support/matchers.hpp"

namespace lightly::evaluation {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

// Small integers: every dot product is exact, and many are equal.
torch::Tensor random_integers(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  core::Random random(seed);
  torch::Tensor result = torch::empty({rows, columns});
  float* values = result.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    values[i] = static_cast<float>(random.below(5)) - 2.0F;
  }
  return result;
}

// The definition: all similarities, sorted by descending value and then by ascending row.
Neighbours by_sorting(const torch::Tensor& queries, const torch::Tensor& bank, std::int64_t k) {
  const auto [similarities, indices] =
      torch::mm(queries, bank.t()).sort(/*stable=*/true, /*dim=*/1, /*descending=*/true);
  return {.indices = indices.narrow(1, 0, k), .similarities = similarities.narrow(1, 0, k)};
}

TEST(NearestNeighbours, FindsTheLargestDotProducts) {
  const torch::Tensor bank = torch::tensor({{1.0F, 0.0F}, {0.0F, 1.0F}, {0.6F, 0.8F}});
  const auto [indices, similarities] =
      nearest_neighbours(torch::tensor({{1.0F, 0.0F}, {0.0F, 2.0F}}), bank, {.k = 2});
  EXPECT_TRUE(tensors_equal(indices, torch::tensor({{0, 2}, {1, 2}}, torch::kLong)));
  EXPECT_TRUE(tensors_equal(similarities, torch::tensor({{1.0F, 0.6F}, {2.0F, 1.6F}})));
}

TEST(NearestNeighbours, EqualSimilaritiesGoToTheLowerRow) {
  const torch::Tensor bank = torch::ones({500, 3});
  const auto [indices, similarities] =
      nearest_neighbours(torch::ones({2, 3}), bank, {.k = 5, .bank_tile = 7});
  EXPECT_TRUE(tensors_equal(indices, torch::arange(5).expand({2, 5})));
  EXPECT_TRUE(tensors_equal(similarities, torch::full({2, 5}, 3.0F)));
  // A zero of either sign is the same similarity.
  const torch::Tensor zeros = torch::tensor({{-1.0F}, {1.0F}, {-1.0F}});
  EXPECT_TRUE(tensors_equal(nearest_neighbours(torch::zeros({1, 1}), zeros, {.k = 3}).indices,
                            torch::tensor({{0, 1, 2}}, torch::kLong)));
}

TEST(NearestNeighbours, EqualsSortingForEveryTileSize) {
  const torch::Tensor queries = random_integers(37, 6, 1);
  const torch::Tensor bank = random_integers(1003, 6, 2);
  for (const std::int64_t k : {1, 200, 1003}) {
    const Neighbours expected = by_sorting(queries, bank, k);
    for (const std::int64_t query_tile : {10, 64}) {
      for (const std::int64_t bank_tile : {15, 100, 2048}) {
        const Neighbours actual = nearest_neighbours(
            queries, bank, {.k = k, .query_tile = query_tile, .bank_tile = bank_tile});
        ASSERT_TRUE(tensors_equal(actual.indices, expected.indices))
            << "k " << k << ", tiles " << query_tile << ", " << bank_tile;
        ASSERT_TRUE(tensors_equal(actual.similarities, expected.similarities));
      }
    }
  }
}

TEST(NearestNeighbours, TiesBeyondTheBufferKeepTheLowestRows) {
  // Every second row ties for the first place, many more than are kept at a time.
  const torch::Tensor bank = (torch::arange(5000) % 2).to(torch::kFloat).unsqueeze(1);
  for (const std::int64_t k : {1, 5, 700}) {
    const Neighbours found =
        nearest_neighbours(torch::ones({3, 1}), bank, {.k = k, .bank_tile = 61});
    EXPECT_TRUE(tensors_equal(found.indices, (2 * torch::arange(k) + 1).expand({3, k}))) << k;
  }
}

TEST(NearestNeighbours, TakesEveryDepthAndSize) {
  for (const std::int64_t depth : {1, 31, 33, 513}) {
    for (const std::int64_t rows : {1, 31, 33, 300}) {
      for (const std::int64_t count : {1, 33, 65}) {
        const torch::Tensor queries = random_integers(count, depth, 6);
        const torch::Tensor bank = random_integers(rows, depth, 7);
        const Neighbours expected = by_sorting(queries, bank, rows);
        const Neighbours actual =
            nearest_neighbours(queries, bank, {.k = rows, .query_tile = 33, .bank_tile = 77});
        ASSERT_TRUE(tensors_equal(actual.indices, expected.indices))
            << depth << ", " << rows << ", " << count;
        ASSERT_TRUE(tensors_equal(actual.similarities, expected.similarities));
      }
    }
  }
}

TEST(NearestNeighbours, NeverHoldsAllSimilarities) {
  const auto peak_megabytes = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
  };
  // All similarities would take 576 MB.
  const torch::Tensor points = torch::arange(12'000, torch::kFloat).unsqueeze(1);
  nearest_neighbours(points.narrow(0, 0, 600), points);  // what LibTorch sets up once
  const auto before = peak_megabytes();
  const Neighbours found = nearest_neighbours(points, points, {.k = 1});
  EXPECT_LT(peak_megabytes() - before, 150);
  EXPECT_EQ(found.indices.min().item<std::int64_t>(), 0);  // of the query 0: all are equal
  EXPECT_EQ(found.indices.slice(0, 1).min().item<std::int64_t>(), 11'999);
}

TEST(NearestNeighbours, LeavesOutTheExcludedRow) {
  const torch::Tensor bank = random_integers(60, 4, 3);
  const torch::Tensor rows = torch::tensor({5, 0, 59}, torch::kLong);
  const auto [indices, similarities] = nearest_neighbours(
      bank.index_select(0, rows), bank, {.k = 59, .exclude = rows, .bank_tile = 16});
  EXPECT_FALSE((indices == rows.unsqueeze(1)).any().item<bool>());
  const torch::Tensor all = std::get<0>(torch::cat({indices, rows.unsqueeze(1)}, 1).sort(1));
  EXPECT_TRUE(tensors_equal(all, torch::arange(60).expand({3, 60})));
}

TEST(NearestNeighbours, ExtremeButFiniteSimilaritiesKeepTheirOrder) {
  const torch::Tensor bank = torch::tensor({{-3e38F}, {3e38F}, {-1e-40F}, {1e-40F}, {0.0F}});
  const auto [indices, similarities] =
      nearest_neighbours(torch::ones({1, 1}), bank, {.k = 5, .bank_tile = 2});
  EXPECT_EQ(indices[0][0].item<std::int64_t>(), 1);
  EXPECT_EQ(indices[0][4].item<std::int64_t>(), 0);
  EXPECT_FLOAT_EQ(similarities[0][4].item<float>(), -3e38F);
}

TEST(NearestNeighbours, TakesAnyFloatingTypeAndStrides) {
  const torch::Tensor queries = random_integers(5, 8, 4);
  const torch::Tensor bank = random_integers(30, 8, 5).requires_grad_();
  const Neighbours expected = by_sorting(queries, bank.detach(), 3);
  const Neighbours actual =
      nearest_neighbours(queries.to(torch::kDouble), bank.t().contiguous().t(), {.k = 3});
  EXPECT_TRUE(tensors_equal(actual.indices, expected.indices));
  EXPECT_TRUE(tensors_equal(actual.similarities, expected.similarities));
  EXPECT_FALSE(actual.similarities.requires_grad());
}

TEST(NearestNeighbours, NamesRuleAndValueOnBadInput) {
  const torch::Tensor bank = torch::ones({10, 4});
  const torch::Tensor queries = torch::ones({2, 4});
  const auto text = [&](const torch::Tensor& q, const torch::Tensor& b, NeighboursOptions options) {
    return error_text([&] { nearest_neighbours(q, b, options); });
  };
  EXPECT_EQ(text(queries, bank, {.k = 0}), "nearest_neighbours: k must be >= 1, got 0");
  EXPECT_EQ(text(queries, bank, {.k = 11}),
            "nearest_neighbours: k must be at most the number of bank rows, 10, got 11");
  EXPECT_EQ(text(queries, bank, {.k = 10, .exclude = torch::zeros({2}, torch::kLong)}),
            "nearest_neighbours: k must be at most the number of bank rows less the one left out, "
            "9, got 10");
  EXPECT_EQ(text(queries, bank, {.k = 3, .exclude = torch::full({2}, 10, torch::kLong)}),
            "nearest_neighbours: exclude must be in [0, 10), got 10");
  EXPECT_THAT(text(queries, bank, {.k = 3, .exclude = torch::zeros({3}, torch::kLong)}),
              HasSubstr("exclude must be int64 [2] on the CPU, got Long [3]"));
  EXPECT_EQ(text(queries, bank, {.query_tile = 0}),
            "nearest_neighbours: query_tile must be >= 1, got 0");
  EXPECT_EQ(text(queries, bank, {.bank_tile = -1}),
            "nearest_neighbours: bank_tile must be >= 1, got -1");
  EXPECT_THAT(text(torch::ones({2, 5}), bank, {}), HasSubstr("equal length, got [2, 5] and [10"));
  EXPECT_THAT(text(torch::ones({4}), bank, {}), HasSubstr("queries must be a floating-point"));
  EXPECT_THAT(text(torch::ones({0, 4}), bank, {}), HasSubstr("not empty, got Float [0, 4]"));
  EXPECT_THAT(text(queries, torch::ones({10, 4}, torch::kLong), {}), HasSubstr("got Long"));
  EXPECT_THAT(text(torch::Tensor(), bank, {}), HasSubstr("queries must be a matrix, got none"));
  EXPECT_THAT(text(queries * std::nan(""), bank, {}), HasSubstr("queries must be finite"));
  EXPECT_THAT(text(queries, bank / 0.0, {}), HasSubstr("bank must be finite"));
  EXPECT_THAT(text(queries * 1e30, bank * 1e30, {}), HasSubstr("the features are too large"));
  EXPECT_THAT(text(queries * -1e30, bank * 1e30, {}), HasSubstr("the features are too large"));
  // The similarity of one row alone is no number: infinity less infinity.
  at::Tensor mixed = torch::ones({10, 2});
  mixed[4] = torch::tensor({1e30F, -1e30F});
  EXPECT_THAT(text(torch::full({1, 2}, 1e30F), mixed, {.k = 3}),
              HasSubstr("the features are too large"));
}

}  // namespace
}  // namespace lightly::evaluation
