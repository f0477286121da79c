#include "lightly/optim/schedule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/optim/sgd.hpp"
#include "support/matchers.hpp"

namespace lightly::optim {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_close;
using ::testing::HasSubstr;

constexpr const char* kGolden = "optim/lightly_1.6.0_cosine_schedules.safetensors";

template <typename Schedule>
torch::Tensor values(const Schedule& schedule, std::int64_t steps) {
  torch::Tensor all = torch::empty({steps}, torch::kDouble);
  for (std::int64_t step = 0; step < steps; ++step) {
    all[step] = schedule(step);
  }
  return all;
}

TEST(CosineSchedule, StartsEndsAndIsHalfwayInTheMiddle) {
  const CosineScheduleOptions options{.max_steps = 11, .start_value = 3.0, .end_value = 1.0};
  EXPECT_DOUBLE_EQ(cosine_schedule(0, options), 3.0);
  EXPECT_DOUBLE_EQ(cosine_schedule(5, options), 2.0);
  EXPECT_EQ(cosine_schedule(10, options), 1.0);
  EXPECT_EQ(cosine_schedule(1000, options), 1.0);
}

TEST(CosineSchedule, MatchesLightly) {
  const core::Safetensors golden = load_golden(kGolden);
  const std::map<std::string, CosineScheduleOptions> cases{
      {"cosine_10", {.max_steps = 10, .start_value = 1.0, .end_value = 0.0}},
      {"cosine_rising", {.max_steps = 33, .start_value = 0.996, .end_value = 1.0}},
      {"cosine_1", {.max_steps = 1, .start_value = 3.0, .end_value = 2.0}},
      {"cosine_0", {.max_steps = 0, .start_value = 3.0, .end_value = 2.0}},
      {"cosine_period", {.max_steps = 10, .start_value = 1.0, .end_value = 0.25, .period = 7}},
  };
  for (const auto& [name, options] : cases) {
    const torch::Tensor& expected = golden.at(name);
    const auto schedule = [&chosen = options](std::int64_t step) {
      return cosine_schedule(step, chosen);
    };
    EXPECT_TRUE(tensors_close(values(schedule, expected.size(0)), expected, 1e-15)) << name;
  }
}

TEST(CosineSchedule, RejectsBadArguments) {
  EXPECT_EQ(error_text([] { cosine_schedule(-1, {}); }),
            "cosine_schedule: step must be >= 0, got -1");
  EXPECT_EQ(error_text([] { cosine_schedule(0, {.max_steps = -2}); }),
            "cosine_schedule: max_steps must be >= 0, got -2");
  EXPECT_EQ(error_text([] { cosine_schedule(0, {.period = 0}); }),
            "cosine_schedule: period must be >= 1, got 0");
}

TEST(CosineWarmupSchedule, RisesInALineAndReachesTheStartAtTheEndOfTheWarmup) {
  const CosineWarmupSchedule schedule({.warmup_epochs = 4, .max_epochs = 20});
  EXPECT_DOUBLE_EQ(schedule(0), 0.25);
  EXPECT_DOUBLE_EQ(schedule(1), 0.5);
  EXPECT_DOUBLE_EQ(schedule(3), 1.0);
  EXPECT_DOUBLE_EQ(schedule(4), 1.0);
  EXPECT_EQ(schedule(19), 0.001);
}

TEST(CosineWarmupSchedule, MatchesLightly) {
  const core::Safetensors golden = load_golden(kGolden);
  const std::map<std::string, CosineWarmupScheduleOptions> cases{
      {"warmup_defaults", {.warmup_epochs = 0, .max_epochs = 10}},
      {"warmup_10_of_100", {.warmup_epochs = 10, .max_epochs = 100}},
      {"warmup_all", {.warmup_epochs = 7, .max_epochs = 7}},
      {"warmup_values",
       {.warmup_epochs = 3,
        .max_epochs = 20,
        .start_value = 0.5,
        .end_value = 2.0,
        .warmup_start_value = 0.1,
        .warmup_end_value = 0.7}},
      {"warmup_period",
       {.warmup_epochs = 4, .max_epochs = 30, .start_value = 1.0, .end_value = 0.1, .period = 9}},
      {"warmup_one_left", {.warmup_epochs = 2, .max_epochs = 3}},
  };
  for (const auto& [name, options] : cases) {
    const torch::Tensor& expected = golden.at(name);
    const torch::Tensor actual = values(CosineWarmupSchedule(options), expected.size(0));
    EXPECT_TRUE(tensors_close(actual, expected, 1e-15)) << name;
  }
}

TEST(CosineWarmupSchedule, DrivesAnOptimizerStepByStep) {
  // 10 of 40 epochs of 5 steps, as lightly's benchmarks count them; each gradient is 1.
  constexpr std::int64_t kStepsOfEpoch = 5;
  const CosineWarmupSchedule schedule(
      {.warmup_epochs = 10 * kStepsOfEpoch, .max_epochs = 40 * kStepsOfEpoch});
  const torch::Tensor weight = torch::zeros({1}, torch::kDouble).requires_grad_();
  SGD sgd({weight}, {.lr = 0.5});
  const double base_lr = sgd.lr();
  double sum = 0.0;
  for (std::int64_t step = 0; step < 40 * kStepsOfEpoch; ++step) {
    weight.mutable_grad() = torch::ones({1}, torch::kDouble);
    sgd.set_lr(base_lr * schedule(step));
    sgd.step();
    sum += base_lr * schedule(step);
    if (step < 10 * kStepsOfEpoch) {
      EXPECT_DOUBLE_EQ(sgd.lr(), 0.5 * static_cast<double>(step + 1) / 50.0);
    }
  }
  EXPECT_NEAR(weight.item<double>(), -sum, 1e-12);
  EXPECT_DOUBLE_EQ(sgd.lr(), 0.5 * 0.001);
}

TEST(CosineWarmupSchedule, RejectsBadOptions) {
  EXPECT_EQ(error_text([] { CosineWarmupSchedule({.warmup_epochs = 5, .max_epochs = 4}); }),
            "CosineWarmupSchedule: warmup_epochs must be in [0, max_epochs = 4], got 5");
  EXPECT_THAT(error_text([] { CosineWarmupSchedule({.warmup_epochs = -1}); }),
              HasSubstr("warmup_epochs must be in [0, max_epochs = 1], got -1"));
  EXPECT_THAT(error_text([] { CosineWarmupSchedule({.max_epochs = -1}); }),
              HasSubstr("max_epochs must be >= 0, got -1"));
  EXPECT_THAT(error_text([] { CosineWarmupSchedule({.max_epochs = 4, .period = -3}); }),
              HasSubstr("period must be >= 1, got -3"));
  EXPECT_THAT(error_text([] { CosineWarmupSchedule({.max_epochs = 4})(-1); }),
              HasSubstr("step must be >= 0, got -1"));
}

}  // namespace
}  // namespace lightly::optim
