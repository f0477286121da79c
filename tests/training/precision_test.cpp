#include "lightly/training/precision.hpp"

#include <ATen/autocast_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "support/matchers.hpp"

namespace lightly::training {
namespace {

using lightly::testing::error_text;

torch::ScalarType type_of_a_product() {
  return torch::mm(torch::ones({4, 4}), torch::ones({4, 4})).scalar_type();
}

TEST(Precision, IsReadFromAndWrittenAsText) {
  for (const char* text : {"auto", "fp32", "bf16"}) {
    EXPECT_EQ(precision_name(parse_precision(text)), text);
  }
  EXPECT_EQ(parse_precision("bf16"), Precision::kBFloat16);
}

TEST(Precision, RejectsOtherText) {
  EXPECT_EQ(error_text([] { parse_precision("fp16"); }),
            "parse_precision: must be auto, fp32 or bf16, got fp16");
  EXPECT_EQ(error_text([] { parse_precision(""); }),
            "parse_precision: must be auto, fp32 or bf16, got ");
}

TEST(Precision, AutoFollowsTheHardware) {
  EXPECT_EQ(resolve(Precision::kAuto, torch::kCUDA), Precision::kBFloat16);
  EXPECT_EQ(resolve(Precision::kAuto, torch::kCPU) == Precision::kBFloat16,
            cpu_multiplies_bfloat16());
  EXPECT_EQ(resolve(Precision::kAuto, torch::kMeta), Precision::kFloat32);
}

TEST(Precision, ExplicitChoicesStay) {
  for (const auto device : {torch::kCPU, torch::kCUDA}) {
    EXPECT_EQ(resolve(Precision::kFloat32, device), Precision::kFloat32);
    EXPECT_EQ(resolve(Precision::kBFloat16, device), Precision::kBFloat16);
  }
}

TEST(AutocastGuard, ComputesInBFloat16OnlyWhileItLives) {
  EXPECT_EQ(type_of_a_product(), torch::kFloat);
  {
    const AutocastGuard guard(Precision::kBFloat16, torch::kCPU);
    EXPECT_EQ(type_of_a_product(), torch::kBFloat16);
  }
  EXPECT_EQ(type_of_a_product(), torch::kFloat);
}

TEST(AutocastGuard, NestsAndFloat32InsideSwitchesOff) {
  const AutocastGuard outer(Precision::kBFloat16, torch::kCPU);
  {
    const AutocastGuard inner(Precision::kFloat32, torch::kCPU);
    EXPECT_EQ(type_of_a_product(), torch::kFloat);
    {
      const AutocastGuard innermost(Precision::kBFloat16, torch::kCPU);
      EXPECT_EQ(type_of_a_product(), torch::kBFloat16);
    }
    EXPECT_EQ(type_of_a_product(), torch::kFloat);
  }
  EXPECT_EQ(type_of_a_product(), torch::kBFloat16);
}

TEST(AutocastGuard, PutsBackTheTypeAndTheSwitchItFound) {
  at::autocast::set_autocast_enabled(at::kCPU, true);
  at::autocast::set_autocast_dtype(at::kCPU, at::kHalf);
  {
    const AutocastGuard guard(Precision::kBFloat16, torch::kCPU);
    EXPECT_EQ(at::autocast::get_autocast_dtype(at::kCPU), at::kBFloat16);
  }
  EXPECT_TRUE(at::autocast::is_autocast_enabled(at::kCPU));
  EXPECT_EQ(at::autocast::get_autocast_dtype(at::kCPU), at::kHalf);
  at::autocast::set_autocast_enabled(at::kCPU, false);
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
}

TEST(AutocastGuard, ForgetsCastParametersSoThatTheNextStepSeesTheNewOnes) {
  const torch::Tensor weight = torch::ones({4, 4}, torch::requires_grad());
  const auto product = [&] {
    const AutocastGuard guard(Precision::kBFloat16, torch::kCPU);
    return torch::mm(torch::ones({4, 4}), weight).sum().item<float>();
  };
  EXPECT_EQ(product(), 64.0F);
  weight.data().fill_(2.0);
  EXPECT_EQ(product(), 128.0F);
}

TEST(AutocastGuard, GradientsOfParametersStayFloat32) {
  const torch::Tensor weight = torch::ones({4, 4}, torch::requires_grad());
  torch::Tensor loss;
  {
    const AutocastGuard guard(Precision::kBFloat16, torch::kCPU);
    loss = torch::mm(torch::ones({4, 4}), weight).sum();
  }
  loss.backward();
  EXPECT_EQ(weight.grad().scalar_type(), torch::kFloat);
}

}  // namespace
}  // namespace lightly::training
