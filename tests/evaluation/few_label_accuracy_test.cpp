#include "lightly/evaluation/few_label_accuracy.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "evaluation/labels.hpp"
#include "lightly/core/random.hpp"
#include "support/matchers.hpp"

namespace lightly::evaluation {
namespace {

using lightly::testing::error_text;
using ::testing::HasSubstr;

// `rows` noisy points around one direction a class; classes 0, 1, 2 in turn.
Embeddings noisy_classes(std::int64_t rows, float noise, std::uint64_t seed) {
  core::Random random(seed);
  Embeddings result{.features = torch::zeros({rows, 3}),
                    .labels = torch::arange(rows).remainder(3)};
  float* values = result.features.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < 3; ++j) {
      values[3 * i + j] = (i % 3 == j ? 1.0F : 0.0F) + noise * static_cast<float>(random.normal());
    }
  }
  return result;
}

TEST(FewLabelAccuracy, IsExactOnSeparateClasses) {
  const Embeddings bank = noisy_classes(30, 0.0F, 1);
  const FewLabelAccuracy accuracy = few_label_accuracy(bank, bank, {.draws = 3});
  EXPECT_DOUBLE_EQ(accuracy.mean, 1.0);
  EXPECT_DOUBLE_EQ(accuracy.std, 0.0);
}

TEST(FewLabelAccuracy, UsesLabelledImagesOnlyAndScalesFeatures) {
  // Both images of each class are labelled, whatever is drawn; lengths do not count.
  const Embeddings bank{
      .features = torch::tensor({{9.0F, 0.0F}, {1.0F, 0.1F}, {0.0F, 1.0F}, {0.1F, 5.0F}}),
      .labels = labels_of({4, 4, 7, 7})};
  const Embeddings queries{
      .features = torch::tensor({{3.0F, 2.0F}, {2.0F, 3.0F}, {1.0F, 0.0F}, {50.0F, 1.0F}}),
      .labels = labels_of({4, 7, 4, 7})};
  const FewLabelAccuracy accuracy =
      few_label_accuracy(queries, bank, {.labels_per_class = 2, .draws = 4});
  EXPECT_DOUBLE_EQ(accuracy.mean, 0.75);
  EXPECT_DOUBLE_EQ(accuracy.std, 0.0);
}

TEST(FewLabelAccuracy, MeanAndDeviationAreThoseOfTheSingleDraws) {
  const Embeddings bank = noisy_classes(90, 0.8F, 2);
  const Embeddings queries = noisy_classes(60, 0.8F, 3);
  const auto with_draws = [&](std::int64_t draws) {
    return few_label_accuracy(queries, bank, {.labels_per_class = 2, .draws = draws, .seed = 5});
  };
  const double first = with_draws(1).mean;
  const FewLabelAccuracy two = with_draws(2);
  const double second = 2.0 * two.mean - first;
  ASSERT_GT(std::abs(first - second), 1e-6);
  EXPECT_DOUBLE_EQ(with_draws(1).std, 0.0);
  EXPECT_NEAR(two.std, std::abs(first - second) / std::sqrt(2.0), 1e-12);
}

TEST(FewLabelAccuracy, MoreLabelsHelp) {
  const Embeddings bank = noisy_classes(300, 0.8F, 2);
  const Embeddings queries = noisy_classes(300, 0.8F, 3);
  const double one = few_label_accuracy(queries, bank, {.labels_per_class = 1}).mean;
  const double many = few_label_accuracy(queries, bank, {.labels_per_class = 20}).mean;
  EXPECT_GT(one, 0.4);
  EXPECT_GT(many, one + 0.05);
}

TEST(FewLabelAccuracy, IsReproducibleBySeed) {
  const Embeddings bank = noisy_classes(90, 0.8F, 2);
  const Embeddings queries = noisy_classes(90, 0.8F, 3);
  const auto mean = [&](std::uint64_t seed) {
    return few_label_accuracy(queries, bank, {.labels_per_class = 3, .draws = 5, .seed = seed})
        .mean;
  };
  EXPECT_EQ(mean(7), mean(7));
  EXPECT_NE(mean(7), mean(8));
}

TEST(FewLabelAccuracy, NamesRuleAndValueOnBadInput) {
  Embeddings bank = noisy_classes(30, 0.1F, 1);
  const auto text = [&](const Embeddings& queries, FewLabelOptions options) {
    return error_text([&] { few_label_accuracy(queries, bank, options); });
  };
  EXPECT_EQ(text(bank, {.labels_per_class = 11}),
            "few_label_accuracy: class 0 must have at least 11 images in the bank, got 10");
  Embeddings other_class = bank;
  other_class.labels = torch::full({30}, 17, torch::kLong);
  EXPECT_EQ(text(other_class, {}),
            "few_label_accuracy: class 17 must have at least 10 images in the bank, got 0");
  EXPECT_EQ(text(bank, {.labels_per_class = 0}),
            "few_label_accuracy: labels_per_class must be >= 1, got 0");
  EXPECT_EQ(text(bank, {.knn_t = 0}), "few_label_accuracy: knn_t must be > 0 and finite, got 0");
  EXPECT_EQ(text(bank, {.draws = 0}), "few_label_accuracy: draws must be >= 1, got 0");
  EXPECT_THAT(text({.features = torch::ones({2, 4}), .labels = labels_of({0, 1})}, {}),
              HasSubstr("equal length, got [2, 4] and [30, 3]"));
  EXPECT_THAT(text({.features = torch::ones({2, 3}), .labels = labels_of({0, -1})}, {}),
              HasSubstr("labels of queries must be in [0, "));
  EXPECT_THAT(text({.features = torch::ones({2, 3})}, {}),
              HasSubstr("labels of queries must be int64 [2], got none"));
}

}  // namespace
}  // namespace lightly::evaluation
