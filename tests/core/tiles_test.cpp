// Each kernel under every SIMD target of this machine against plain loops in float64.
#include "core/kernels/tiles.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "support/simd_targets.hpp"

namespace lightly::core::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
// What nobody may write to or take from.
constexpr float kGuard = 1e30F;

using Floats = std::vector<float>;

std::size_t at(std::int64_t index) {
  return static_cast<std::size_t>(index);
}

Floats random(std::int64_t count, float scale = 1.0F) {
  static std::mt19937 engine(7);
  std::uniform_real_distribution<float> values(-scale, scale);
  Floats result(at(count));
  std::generate(result.begin(), result.end(), [&] { return values(engine); });
  return result;
}

Rows rows_of(const Floats& values, std::int64_t count, std::int64_t depth) {
  return {.values = values.data(), .count = count, .depth = depth, .stride = depth};
}

Floats panels_of(const Floats& values, std::int64_t count, std::int64_t depth) {
  Floats panels(at(padded(count) * depth), kGuard);
  pack_panels(rows_of(values, count, depth), panels.data());
  return panels;
}

// A sum of `count` products may be off by that much of the sum of their absolute values.
double rounding(std::int64_t count) {
  return 6e-8 * std::sqrt(static_cast<double>(count)) + 1e-7;
}

class Tiles : public lightly::testing::SimdTargetTest {};

TEST_P(Tiles, PanelsAndSlicesHoldEveryRowAndZeroes) {
  for (const std::int64_t count : {1, 31, 32, 33, 70}) {
    for (const std::int64_t depth : {1, 15, 17, 33, 64}) {
      const std::int64_t stride = depth + 3;
      const Floats values = random(count * stride);
      const Rows rows{.values = values.data(), .count = count, .depth = depth, .stride = stride};
      Floats panels(at(padded(count) * depth), kGuard);
      pack_panels(rows, panels.data());
      for (std::int64_t i = 0; i < padded(count); ++i) {
        for (std::int64_t k = 0; k < depth; ++k) {
          const float expected = i < count ? values[at(i * stride + k)] : 0.0F;
          ASSERT_EQ(panels[at((i / kPanel * depth + k) * kPanel + i % kPanel)], expected);
        }
      }
      Floats slices(at(padded(count) * padded(depth)), kGuard);
      pack_slices(rows, padded(count), slices.data());
      for (std::int64_t i = 0; i < padded(count); ++i) {
        for (std::int64_t k = 0; k < padded(depth); ++k) {
          float expected = k < depth ? values[at(std::min(i, count - 1) * stride + k)] : 0.0F;
          expected = i < count ? expected : kGuard;
          ASSERT_EQ(slices[at((k / kPanel * padded(count) + i) * kPanel + k % kPanel)], expected);
        }
      }
    }
  }
}

TEST_P(Tiles, ProductsEqualPlainSums) {
  for (const std::int64_t depth : {1, 2, 7, 31, 33, 128, 255, 256, 257, 300}) {
    constexpr std::int64_t kLeft = 45;
    constexpr std::int64_t kRight = 67;
    const Floats left = random(kLeft * depth);
    const Floats right = random(kRight * depth);
    const std::int64_t stride = padded(kRight) + 5;
    Floats values(at(padded(kLeft) * stride), kGuard);
    multiply_tile(panels_of(left, kLeft, depth).data(), panels_of(right, kRight, depth).data(),
                  depth,
                  {.values = values.data(),
                   .rows = padded(kLeft),
                   .columns = padded(kRight),
                   .stride = stride});
    for (std::int64_t i = 0; i < padded(kLeft); ++i) {
      for (std::int64_t j = 0; j < stride; ++j) {
        double sum = 0.0;
        double size = 0.0;
        for (std::int64_t k = 0; i < kLeft && j < kRight && k < depth; ++k) {
          const double product = double{left[at(i * depth + k)]} * double{right[at(j * depth + k)]};
          sum += product;
          size += std::abs(product);
        }
        const float actual = values[at(i * stride + j)];
        if (j >= padded(kRight)) {
          ASSERT_EQ(actual, kGuard);
        } else {
          ASSERT_NEAR(actual, sum, rounding(depth) * size) << depth << ": " << i << ", " << j;
        }
      }
    }
  }
}

TEST_P(Tiles, ANotANumberStaysInItsRow) {
  Floats left = random(40 * 3);
  left[at(33 * 3 + 1)] = kNaN;
  const Floats right = random(32 * 3);
  Floats values(64 * 32);
  multiply_tile(panels_of(left, 40, 3).data(), panels_of(right, 32, 3).data(), 3,
                {.values = values.data(), .rows = 64, .columns = 32, .stride = 32});
  for (std::int64_t i = 0; i < 64 * 32; ++i) {
    ASSERT_EQ(std::isnan(values[at(i)]), i / 32 == 33) << i;
  }
}

TEST_P(Tiles, WeightedRowsEqualPlainSums) {
  for (const std::int64_t depth : {1, 31, 32, 33, 100, 300}) {
    for (const auto& [rows, columns] : {std::pair<std::int64_t, std::int64_t>{32, 64}, {96, 32}}) {
      const std::int64_t stride = columns + 7;
      Floats weights = random(rows * stride);
      const Tile tile{.values = weights.data(), .rows = rows, .columns = columns, .stride = stride};
      for (const Sum over : {Sum::kColumns, Sum::kRows}) {
        const std::int64_t outputs = over == Sum::kColumns ? rows : columns;
        const std::int64_t terms = over == Sum::kColumns ? columns : rows;
        const Floats summands = random(terms * depth);
        Floats slices(at(terms * padded(depth)));
        pack_slices(rows_of(summands, terms, depth), terms, slices.data());
        const Floats before = random(outputs * padded(depth));
        Floats sums = before;
        add_weighted_rows(tile, over, slices.data(),
                          {.values = sums.data(),
                           .stride = padded(depth),
                           .slices = padded(depth) / kPanel,
                           .slice_stride = terms * kPanel});
        for (std::int64_t i = 0; i < outputs; ++i) {
          for (std::int64_t k = 0; k < padded(depth); ++k) {
            double sum = before[at(i * padded(depth) + k)];
            double size = std::abs(sum);
            for (std::int64_t j = 0; k < depth && j < terms; ++j) {
              const double weight =
                  weights[at(over == Sum::kColumns ? i * stride + j : j * stride + i)];
              const double product = weight * double{summands[at(j * depth + k)]};
              sum += product;
              size += std::abs(product);
            }
            ASSERT_NEAR(sums[at(i * padded(depth) + k)], sum, rounding(terms) * size)
                << depth << ": " << i << ", " << k;
          }
        }
      }
    }
  }
}

TEST_P(Tiles, NormalizedRowsAndTheirGradientEqualPlainSums) {
  for (const std::int64_t depth : {1, 2, 7, 16, 31, 129, 300}) {
    constexpr std::int64_t kCount = 5;
    constexpr double kScale = 3.0;
    Floats values = random(kCount * depth);
    std::fill_n(values.begin() + depth, depth, 0.0F);
    std::fill_n(values.begin() + 2 * depth, depth, 1e-16F);
    Floats units(at(kCount * depth));
    Floats lengths(kCount);
    normalize_rows(rows_of(values, kCount, depth), static_cast<float>(kScale),
                   {.values = units.data(), .stride = depth, .lengths = lengths.data()});
    const Floats of_units = random(kCount * depth);
    Floats unit_rows = units;
    std::transform(units.begin(), units.end(), unit_rows.begin(),
                   [](float value) { return value / static_cast<float>(kScale); });
    Floats gradient(at(kCount * depth));
    unnormalize_gradient(rows_of(unit_rows, kCount, depth), lengths.data(), 0.5F,
                         {.values = of_units.data(), .stride = depth, .out = gradient.data()});
    for (std::int64_t i = 0; i < kCount; ++i) {
      double squares = 0.0;
      for (std::int64_t k = 0; k < depth; ++k) {
        squares += std::pow(double{values[at(i * depth + k)]}, 2);
      }
      const double length = std::sqrt(squares);
      const double divisor = std::max(length, 1e-12);
      ASSERT_NEAR(lengths[at(i)], length, 4e-6 * length);
      double along = 0.0;
      for (std::int64_t k = 0; k < depth; ++k) {
        const double unit = values[at(i * depth + k)] / divisor;
        ASSERT_NEAR(units[at(i * depth + k)], kScale * unit, 2e-6);
        along += length < 1e-12 ? 0.0 : unit * double{of_units[at(i * depth + k)]};
      }
      for (std::int64_t k = 0; k < depth; ++k) {
        const double unit = values[at(i * depth + k)] / divisor;
        const double expected = 0.5 * (of_units[at(i * depth + k)] - unit * along) / divisor;
        ASSERT_NEAR(gradient[at(i * depth + k)], expected, 4e-6 / divisor) << depth << ": " << i;
      }
    }
  }
}

TEST_P(Tiles, TheLengthOfNotANumberIsNotANumber) {
  const Floats values = {1.0F, kNaN, 2.0F, 3.0F};
  Floats units(4);
  Floats lengths(2);
  normalize_rows(rows_of(values, 2, 2), 1.0F,
                 {.values = units.data(), .stride = 2, .lengths = lengths.data()});
  EXPECT_TRUE(std::isnan(lengths[0]));
  EXPECT_TRUE(std::isnan(units[0]));
  EXPECT_FLOAT_EQ(lengths[1], std::sqrt(13.0F));
}

// One exponential at a time: exp(x) beside a maximum of 0 that counts apart.
TEST_P(Tiles, ExponentialsHaveARelativeErrorBelowTwoInTenMillion) {
  double worst = 0.0;
  float worst_at = 0.0F;
  for (float x = 0.0F; x > -87.0F; x -= 0.000731F) {
    Floats row(32, -kInfinity);
    row[0] = x;
    float maximum = 0.0F;
    double sum = 0.0;
    add_rows({.values = row.data(), .rows = 32, .columns = 32, .stride = 32}, 1,
             {.maxima = &maximum, .sums = &sum});
    const double expected = std::exp(double{x});
    const double error = std::abs(sum - expected) / expected;
    if (error > worst) {
      worst = error;
      worst_at = x;
    }
  }
  EXPECT_LE(worst, 2e-7) << "at " << worst_at;
  RecordProperty("largest_relative_error", std::to_string(worst * 1e9) + "e-9");
}

// log(sum of exponentials) of what was added so far.
double log_sum(float maximum, double sum) {
  return double{maximum} + std::log(sum);
}

TEST_P(Tiles, RowsAndColumnsAddUpToTheirLogSumExp) {
  constexpr std::int64_t kRows = 45;
  constexpr std::int64_t kColumns = 96;
  for (const float scale : {0.5F, 20.0F, 200.0F}) {
    Floats row_maxima(64, -kInfinity), column_maxima(at(kColumns), -kInfinity);
    std::vector<double> row_sums(64), column_sums(at(kColumns));
    std::vector<std::vector<double>> of_rows(64), of_columns(at(kColumns));
    Floats factor_maxima = row_maxima;
    std::vector<double> factor_sums = row_sums;
    std::vector<double> rescaled(at(kRows));  // sums of tiles kept in step by the factors alone
    for (int part = 0; part < 4; ++part) {
      Floats values = random(64 * kColumns, scale);
      std::fill_n(values.begin() + 3 * kColumns, kColumns, -kInfinity);
      for (std::int64_t i = 0; i < kRows; ++i) {
        values[at(i * kColumns + 5)] = -kInfinity;
        for (std::int64_t j = 0; j < kColumns; ++j) {
          of_rows[at(i)].push_back(values[at(i * kColumns + j)]);
          of_columns[at(j)].push_back(values[at(i * kColumns + j)]);
        }
      }
      const Tile tile{.values = values.data(), .rows = 64, .columns = kColumns, .stride = kColumns};
      add_rows(tile, kRows, {.maxima = row_maxima.data(), .sums = row_sums.data()});
      add_columns(tile, kRows, {.maxima = column_maxima.data(), .sums = column_sums.data()});
      Floats factors(at(kRows));
      add_rows_in_place(tile, kRows, {.maxima = factor_maxima.data(), .sums = factor_sums.data()},
                        factors.data());
      for (std::int64_t i = 0; i < kRows; ++i) {
        double sum = 0.0;
        for (std::int64_t j = 0; j < kColumns; ++j) {
          sum += values[at(i * kColumns + j)];
        }
        rescaled[at(i)] = rescaled[at(i)] * factors[at(i)] + sum;
      }
    }
    const auto exact = [](const std::vector<double>& values) {
      const double most = *std::max_element(values.begin(), values.end());
      double sum = 0.0;
      for (const double value : values) {
        sum += std::exp(value - most);
      }
      return most + std::log(sum);
    };
    for (std::int64_t i = 0; i < kRows; ++i) {
      if (i == 3) {
        EXPECT_EQ(row_sums[3], 0.0);
        EXPECT_EQ(row_maxima[3], -kInfinity);
        EXPECT_EQ(rescaled[3], 0.0);
        continue;
      }
      const double expected = exact(of_rows[at(i)]);
      ASSERT_NEAR(log_sum(row_maxima[at(i)], row_sums[at(i)]), expected, 1e-6) << scale;
      ASSERT_EQ(factor_maxima[at(i)], row_maxima[at(i)]);
      ASSERT_EQ(factor_sums[at(i)], row_sums[at(i)]);
      ASSERT_NEAR(log_sum(factor_maxima[at(i)], rescaled[at(i)]), expected, 1e-6) << scale;
    }
    for (std::int64_t j = 0; j < kColumns; ++j) {
      if (j == 5) {
        EXPECT_EQ(column_sums[5], 0.0);
        continue;
      }
      ASSERT_NEAR(log_sum(column_maxima[at(j)], column_sums[at(j)]), exact(of_columns[at(j)]), 1e-6)
          << scale;
    }
  }
}

TEST_P(Tiles, ASumOfNotANumberIsNotANumber) {
  for (const std::size_t place : {0U, 5U, 17U, 31U}) {
    Floats row = random(32);
    row[place] = kNaN;
    const Tile tile{.values = row.data(), .rows = 1, .columns = 32, .stride = 32};
    float maximum = -kInfinity;
    double sum = 0.0;
    add_rows(tile, 1, {.maxima = &maximum, .sums = &sum});
    EXPECT_TRUE(std::isnan(log_sum(maximum, sum))) << place;
    Floats maxima(32, -kInfinity);
    std::vector<double> sums(32);
    add_columns(tile, 1, {.maxima = maxima.data(), .sums = sums.data()});
    for (std::size_t j = 0; j < 32; ++j) {
      EXPECT_EQ(std::isnan(log_sum(maxima[j], sums[j])), j == place);
    }
  }
}

TEST_P(Tiles, ExponentiateAddsTheSumsOfRowsAndColumns) {
  constexpr std::int64_t kRows = 45;
  for (const std::int64_t columns : {32, 288}) {
    const std::int64_t stride = columns + 16;
    Floats values = random(64 * stride, 20.0F);
    values[at(2 * stride + 7)] = -kInfinity;
    const float shift = *std::max_element(values.begin(), values.end());
    const Floats before = values;
    std::vector<double> of_rows(at(kRows), 3.0), of_columns(at(columns), 4.0);
    const Tile tile{.values = values.data(), .rows = 64, .columns = columns, .stride = stride};
    exponentiate(tile, kRows, shift, {.of_rows = of_rows.data(), .of_columns = of_columns.data()});
    std::vector<double> row_sums(at(kRows), 3.0), column_sums(at(columns), 4.0);
    for (std::int64_t i = 0; i < 64; ++i) {
      for (std::int64_t j = 0; j < stride; ++j) {
        const std::size_t place = at(i * stride + j);
        if (i >= kRows || j >= columns) {
          ASSERT_EQ(values[place], before[place]) << i << ' ' << j;
          continue;
        }
        const double e = std::exp(double{before[place]} - double{shift});
        ASSERT_NEAR(values[place], e, 4e-6 * e + 1e-37);
        row_sums[at(i)] += e;
        column_sums[at(j)] += e;
      }
    }
    for (std::int64_t i = 0; i < kRows; ++i) {
      ASSERT_NEAR(of_rows[at(i)], row_sums[at(i)], 1e-5);
    }
    for (std::int64_t j = 0; j < columns; ++j) {
      ASSERT_NEAR(of_columns[at(j)], column_sums[at(j)], 1e-5);
    }
    const std::vector<double> untouched = of_columns;
    exponentiate(tile, kRows, 1.0F, {.of_rows = of_rows.data(), .of_columns = nullptr});
    EXPECT_EQ(of_columns, untouched);
  }
}

TEST_P(Tiles, WeighMultipliesByTheFactorsOfRowAndColumn) {
  constexpr std::int64_t kSize = 64;
  constexpr float kShift = 30.0F;
  const Floats similarities = random(kSize * kSize, 10.0F);
  const Floats of_rows = random(kSize), of_columns = random(kSize);
  const TileFactors factors{.of_rows = of_rows.data(), .of_columns = of_columns.data()};
  Floats exponentials = similarities;
  std::vector<double> sums(at(kSize));
  exponentiate({.values = exponentials.data(), .rows = kSize, .columns = kSize, .stride = kSize},
               kSize, kShift, {.of_rows = sums.data(), .of_columns = nullptr});
  Floats weights(at(kSize * kSize)), weights_at_once(at(kSize * kSize));
  weigh_exponentials(exponentials.data(), factors,
                     {.values = weights.data(), .rows = kSize, .columns = kSize, .stride = kSize});
  weigh_similarities(
      similarities.data(), kShift, factors,
      {.values = weights_at_once.data(), .rows = kSize, .columns = kSize, .stride = kSize});
  EXPECT_EQ(weights, weights_at_once);
  for (std::int64_t i = 0; i < kSize; ++i) {
    for (std::int64_t j = 0; j < kSize; ++j) {
      const std::size_t place = at(i * kSize + j);
      ASSERT_EQ(weights[place], exponentials[place] * (of_rows[at(i)] + of_columns[at(j)]));
    }
  }
}

TEST_P(Tiles, TwoSidedSoftmaxAddsBothExponentials) {
  constexpr std::int64_t kSize = 64;
  Floats similarities = random(kSize * kSize, 10.0F);
  similarities[at(7 * kSize + 9)] = -kInfinity;
  Floats of_rows(at(kSize), 10.0F), of_columns(at(kSize), 11.0F);
  of_rows[3] = kInfinity;
  of_columns[4] = kInfinity;
  Floats apart(at(kSize * kSize));
  const LogSums log_sums{.of_rows = of_rows.data(), .of_columns = of_columns.data()};
  two_sided_softmax(similarities.data(), log_sums,
                    {.values = apart.data(), .rows = kSize, .columns = kSize, .stride = kSize});
  Floats in_place = similarities;
  two_sided_softmax(in_place.data(), log_sums,
                    {.values = in_place.data(), .rows = kSize, .columns = kSize, .stride = kSize});
  EXPECT_EQ(apart, in_place);
  for (std::int64_t i = 0; i < kSize; ++i) {
    for (std::int64_t j = 0; j < kSize; ++j) {
      const double s = similarities[at(i * kSize + j)];
      const double expected =
          std::exp(s - double{of_rows[at(i)]}) + std::exp(s - double{of_columns[at(j)]});
      // The difference is rounded before its exponential is taken.
      ASSERT_NEAR(apart[at(i * kSize + j)], expected, 1.5e-6 * expected) << i << ", " << j;
    }
  }
}

TEST_P(Tiles, CandidatesAreThoseAboveTheThresholdInTheirOrder) {
  for (const std::int64_t columns : {1, 3, 15, 16, 17, 31, 33, 100}) {
    Floats row = random(columns);
    row[at(columns / 2)] = 0.25F;  // the threshold itself is not above it
    row[at(columns - 1)] = columns % 2 == 0 ? kNaN : kInfinity;
    Floats expected = {-9.0F};
    std::vector<std::uint32_t> expected_columns = {77};
    for (std::int64_t j = 0; j < columns; ++j) {
      if (row[at(j)] > 0.25F) {
        expected.push_back(row[at(j)]);
        expected_columns.push_back(1000 + static_cast<std::uint32_t>(j));
      }
    }
    Floats values(at(columns + 1), -9.0F);  // no room to write more than can be found
    std::vector<std::uint32_t> places(values.size(), 77);
    const std::int64_t count =
        append_above(row.data(), columns, 0.25F, 1000,
                     {.values = values.data(), .columns = places.data(), .count = 1});
    ASSERT_EQ(count, std::ssize(expected)) << columns;
    values.resize(expected.size());
    places.resize(expected.size());
    EXPECT_EQ(values, expected);
    EXPECT_EQ(places, expected_columns);
  }
}

TEST_P(Tiles, TheLargestAreKeptInTheirOrderAndOfEqualOnesTheFirst) {
  for (const std::int64_t count : {1, 2, 15, 17, 100, 433}) {
    Floats values = random(count);
    for (std::int64_t i = 0; i < count; i += 3) {
      values[at(i)] = std::round(4 * values[at(i)]) / 4;  // some are equal, some zeros have a sign
    }
    values[at(count / 2)] = kInfinity;
    for (const std::int64_t k : {std::int64_t{1}, (count + 1) / 2, count}) {
      std::vector<std::size_t> order(at(count));
      std::iota(order.begin(), order.end(), 0U);
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
      order.resize(at(k));
      const float smallest = values[order.back()];
      std::sort(order.begin(), order.end());
      Floats kept = values;
      std::vector<std::uint32_t> columns(values.size());
      std::iota(columns.begin(), columns.end(), 100U);
      EXPECT_EQ(keep_largest({.values = kept.data(), .columns = columns.data(), .count = count}, k),
                smallest);
      for (std::size_t i = 0; i < order.size(); ++i) {
        ASSERT_EQ(kept[i], values[order[i]]) << count << ' ' << k << ' ' << i;
        ASSERT_EQ(columns[i], 100 + order[i]) << count << ' ' << k << ' ' << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, Tiles, ::testing::ValuesIn(lightly::testing::simd_targets()),
                         lightly::testing::target_name);

}  // namespace
}  // namespace lightly::core::kernels
