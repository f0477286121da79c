#include "lightly/training/precision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "support/matchers.hpp"

namespace lightly::training {
namespace {

using lightly::testing::error_text;

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
  EXPECT_EQ(resolve(Precision::kAuto, torch::kCPU) == Precision::kBFloat16, cpu_favours_bfloat16());
  EXPECT_EQ(resolve(Precision::kAuto, torch::kMeta), Precision::kFloat32);
}

TEST(Precision, OnlyACpuThatMultipliesBFloat16FavoursIt) {
  EXPECT_TRUE(cpu_multiplies_bfloat16() || !cpu_favours_bfloat16());
}

TEST(Precision, ExplicitChoicesStay) {
  for (const auto device : {torch::kCPU, torch::kCUDA}) {
    EXPECT_EQ(resolve(Precision::kFloat32, device), Precision::kFloat32);
    EXPECT_EQ(resolve(Precision::kBFloat16, device), Precision::kBFloat16);
  }
}

TEST(Precision, GivesTheTypeForAutocast) {
  EXPECT_EQ(autocast_dtype(Precision::kBFloat16, torch::kCPU), torch::kBFloat16);
  EXPECT_EQ(autocast_dtype(Precision::kAuto, torch::kCUDA), torch::kBFloat16);
  EXPECT_EQ(autocast_dtype(Precision::kFloat32, torch::kCPU), std::nullopt);
}

}  // namespace
}  // namespace lightly::training
