#include "lightly/evaluation/knn.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "evaluation/labels.hpp"
#include "support/matchers.hpp"

namespace lightly::evaluation {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

// float32(sin(i + 1 + s)), i row-major, each row scaled to length 1.
torch::Tensor unit_sines(std::int64_t rows, std::int64_t columns, double s) {
  const torch::Tensor x = (torch::arange(rows * columns, torch::kDouble) + 1 + s).sin();
  const torch::Tensor matrix = x.to(torch::kFloat).view({rows, columns});
  return matrix / matrix.norm(2, 1, /*keepdim=*/true);
}

TEST(KnnPredict, RanksClassesByTheSumOfExponentialVotes) {
  // Similarities 1, .5, .5, 0: at t = 1 two votes of exp(.5) outweigh one of exp(1), at t = .1 not.
  const torch::Tensor bank = torch::tensor({{1.0F}, {0.5F}, {0.5F}, {0.0F}});
  const torch::Tensor labels = labels_of({0, 1, 1, 2});
  const torch::Tensor query = torch::ones({1, 1});
  EXPECT_TRUE(
      tensors_equal(knn_predict(query, bank, labels, {.num_classes = 3, .knn_k = 4, .knn_t = 1.0}),
                    labels_of({1, 0, 2}).unsqueeze(0)));
  EXPECT_TRUE(
      tensors_equal(knn_predict(query, bank, labels, {.num_classes = 3, .knn_k = 4, .knn_t = 0.1}),
                    labels_of({0, 1, 2}).unsqueeze(0)));
}

TEST(KnnPredict, EqualScoresAreRankedByClass) {
  const torch::Tensor bank = torch::tensor({{1.0F}, {1.0F}, {-1.0F}});
  EXPECT_TRUE(tensors_equal(
      knn_predict(torch::ones({1, 1}), bank, labels_of({4, 2, 0}), {.num_classes = 6, .knn_k = 2}),
      labels_of({2, 4, 0, 1, 3, 5}).unsqueeze(0)));
}

TEST(KnnPredict, GivesTheOriginalsRankingOnClosedFormInput) {
  const torch::Tensor expected =
      torch::tensor({{3, 0, 2, 1}, {1, 0, 3, 2}, {1, 2, 0, 3}, {3, 2, 0, 1}, {3, 0, 1, 2}});
  EXPECT_TRUE(
      tensors_equal(knn_predict(unit_sines(5, 8, 0.3), unit_sines(20, 8, 0), torch::arange(20) % 4,
                                {.num_classes = 4, .knn_k = 7, .knn_t = 0.1}),
                    expected));
}

TEST(KnnPredict, MatchesPythonReferenceForEveryTileSize) {
  const core::Safetensors golden = load_golden("evaluation/knn_predict_lightly_1.6.0.safetensors");
  for (const std::string name : {"few", "one_neighbour", "defaults", "whole_bank", "wide"}) {
    const auto number = [&](const char* key) { return golden.at(name + key).item<std::int64_t>(); };
    const torch::Tensor expected = golden.at(name + ".predicted");
    // Beyond the classes that have a vote the original's order is arbitrary.
    const torch::Tensor has_votes =
        torch::arange(expected.size(1)) < golden.at(name + ".ranked").unsqueeze(1);
    for (const std::int64_t bank_tile : {33, 4096}) {
      const torch::Tensor actual = knn_predict(
          golden.at(name + ".features"), golden.at(name + ".bank"), golden.at(name + ".labels"),
          {.num_classes = number(".num_classes"),
           .knn_k = number(".knn_k"),
           .knn_t = golden.at(name + ".knn_t").item<double>(),
           .query_tile = bank_tile / 4,
           .bank_tile = bank_tile});
      EXPECT_TRUE(tensors_equal(actual.where(has_votes, torch::full_like(actual, -1)),
                                expected.where(has_votes, torch::full_like(actual, -1))))
          << name << ", tile " << bank_tile;
    }
  }
}

TEST(KnnPredict, TinyTemperatureStillRanks) {
  // exp(1 / .005) is beyond float32.
  const torch::Tensor bank = torch::tensor({{0.9F}, {1.0F}, {0.95F}});
  EXPECT_TRUE(tensors_equal(knn_predict(torch::ones({1, 1}), bank, labels_of({0, 1, 2}),
                                        {.num_classes = 3, .knn_k = 3, .knn_t = 0.005}),
                            labels_of({1, 2, 0}).unsqueeze(0)));
  EXPECT_TRUE(tensors_equal(knn_predict(torch::ones({1, 1}), bank * 1e6, labels_of({0, 1, 2}),
                                        {.num_classes = 3, .knn_k = 3, .knn_t = 0.005})
                                .select(1, 0),
                            labels_of({1})));
}

TEST(KnnPredict, NamesRuleAndValueOnBadInput) {
  const torch::Tensor features = torch::ones({2, 4});
  const torch::Tensor bank = torch::ones({10, 4});
  const torch::Tensor labels = torch::arange(10);
  const auto text = [&](const torch::Tensor& l, KnnOptions options) {
    return error_text([&] { knn_predict(features, bank, l, options); });
  };
  EXPECT_EQ(text(labels, {}), "knn_predict: num_classes must be >= 1, got 0");
  EXPECT_EQ(text(labels, {.num_classes = 10}),
            "knn_predict: knn_k must be at most the number of bank rows, 10, got 200");
  EXPECT_EQ(text(labels, {.num_classes = 10, .knn_k = 0}),
            "knn_predict: knn_k must be >= 1, got 0");
  EXPECT_EQ(text(labels, {.num_classes = 10, .knn_k = 3, .knn_t = 0}),
            "knn_predict: knn_t must be > 0 and finite, got 0");
  EXPECT_EQ(text(labels, {.num_classes = 9, .knn_k = 3}),
            "knn_predict: feature_labels must be in [0, 9), got 9");
  EXPECT_EQ(text(labels - 1, {.num_classes = 9, .knn_k = 3}),
            "knn_predict: feature_labels must be in [0, 9), got -1");
  EXPECT_THAT(text(labels.narrow(0, 0, 9), {.num_classes = 10, .knn_k = 3}),
              HasSubstr("feature_labels must be int64 [10] on the CPU, got Long [9]"));
  EXPECT_THAT(text(labels.to(torch::kFloat), {.num_classes = 10, .knn_k = 3}),
              HasSubstr("got Float [10]"));
  EXPECT_THAT(text({}, {.num_classes = 10, .knn_k = 3}), HasSubstr("got none"));
}

TEST(KnnAccuracy, CountsTheRightFirstRanksOfScaledFeatures) {
  // Unscaled, the long second row would win every query.
  const Embeddings bank{.features = torch::tensor({{1.0F, 0.0F}, {50.0F, 50.0F}, {0.0F, 1.0F}}),
                        .labels = labels_of({0, 1, 2})};
  const Embeddings queries{
      .features = torch::tensor({{5.0F, 0.1F}, {1.0F, 1.0F}, {0.0F, 3.0F}, {0.0F, 2.0F}}),
      .labels = labels_of({0, 1, 2, 1})};
  EXPECT_DOUBLE_EQ(knn_accuracy(queries, bank, {.num_classes = 3, .knn_k = 1}), 0.75);
}

TEST(KnnAccuracy, NamesRuleAndValueOnBadInput) {
  const Embeddings bank{.features = torch::ones({3, 2}), .labels = labels_of({0, 1, 2})};
  const Embeddings short_of_labels{.features = torch::ones({3, 2}), .labels = labels_of({0, 1})};
  EXPECT_THAT(
      error_text([&] { knn_accuracy(short_of_labels, bank, {.num_classes = 3, .knn_k = 1}); }),
      HasSubstr("knn_accuracy: labels of queries must be int64 [3] on the CPU, got Long [2]"));
  EXPECT_THAT(error_text([&] { knn_accuracy({}, bank, {.num_classes = 3, .knn_k = 1}); }),
              HasSubstr("knn_accuracy: queries must be a matrix, got none"));
  EXPECT_THAT(error_text([&] { knn_accuracy(bank, bank, {.num_classes = 3}); }),
              HasSubstr("knn_k must be at most the number of bank rows, 3, got 200"));
}

}  // namespace
}  // namespace lightly::evaluation
