#pragma once

#include <bit>
#include <cstdint>

#include <hwy/targets.h>

#include "require.hpp"
#include "transforms/kernels/targets.hpp"

namespace lightly::fuzz {

/// While it lives every kernel is the scalar one.
class ScalarKernels {
 public:
  ScalarKernels() {
    const std::int64_t targets = hwy::SupportedTargets() & transforms::kernels::compiled_targets();
    transforms::kernels::use_target(
        std::int64_t{1} << (63 - std::countl_zero(static_cast<std::uint64_t>(targets))));
  }
  ~ScalarKernels() { transforms::kernels::use_target(0); }
  ScalarKernels(const ScalarKernels&) = delete;
  ScalarKernels& operator=(const ScalarKernels&) = delete;
};

}  // namespace lightly::fuzz
