#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "core/kernels/targets.hpp"

namespace lightly::testing {

/// The SIMD targets that the kernels are compiled for and this machine has, the scalar code's among
/// them: one bit each.
inline std::vector<std::int64_t> simd_targets() {
  std::vector<std::int64_t> result;
  for (std::int64_t rest = hwy::SupportedTargets() & core::kernels::compiled_targets(); rest != 0;
       rest &= rest - 1) {
    result.push_back(rest & -rest);
  }
  return result;
}

/// The kernels run as on a machine whose only target is the parameter, one of simd_targets().
class SimdTargetTest : public ::testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { core::kernels::use_target(GetParam()); }
  void TearDown() override { core::kernels::use_target(0); }
};

/// The test's name for a target.
inline std::string target_name(const ::testing::TestParamInfo<std::int64_t>& test) {
  return hwy::TargetName(test.param);
}

}  // namespace lightly::testing
