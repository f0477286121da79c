#include "lightly/core/autocast.hpp"

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>
#include <torch/types.h>

namespace lightly::core {
namespace {

torch::ScalarType type_of_a_product() {
  return torch::mm(torch::ones({4, 4}), torch::ones({4, 4})).scalar_type();
}

TEST(AutocastGuard, ComputesInBFloat16OnlyWhileItLives) {
  EXPECT_EQ(type_of_a_product(), torch::kFloat);
  {
    const AutocastGuard guard(torch::kCPU, torch::kBFloat16);
    EXPECT_EQ(type_of_a_product(), torch::kBFloat16);
  }
  EXPECT_EQ(type_of_a_product(), torch::kFloat);
}

TEST(AutocastGuard, NestsAndNoTypeInsideSwitchesOff) {
  const AutocastGuard outer(torch::kCPU, torch::kBFloat16);
  {
    const AutocastGuard inner(torch::kCPU, std::nullopt);
    EXPECT_EQ(type_of_a_product(), torch::kFloat);
    {
      const AutocastGuard innermost(torch::kCPU, torch::kBFloat16);
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
    const AutocastGuard guard(torch::kCPU, torch::kBFloat16);
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
    const AutocastGuard guard(torch::kCPU, torch::kBFloat16);
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
    const AutocastGuard guard(torch::kCPU, torch::kBFloat16);
    loss = torch::mm(torch::ones({4, 4}), weight).sum();
  }
  loss.backward();
  EXPECT_EQ(weight.grad().scalar_type(), torch::kFloat);
}

}  // namespace
}  // namespace lightly::core
