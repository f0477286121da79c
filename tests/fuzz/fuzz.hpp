#pragma once

#include <bit>
#include <cstdint>

#include <hwy/targets.h>

#include "core/kernels/targets.hpp"
#include "require.hpp"

namespace lightly::fuzz {

/// While it lives every kernel is the scalar one.
class ScalarKernels {
 public:
  ScalarKernels() {
    const std::int64_t targets = hwy::SupportedTargets() & core::kernels::compiled_targets();
    core::kernels::use_target(std::int64_t{1}
                              << (63 - std::countl_zero(static_cast<std::uint64_t>(targets))));
  }
  ~ScalarKernels() { core::kernels::use_target(0); }
  ScalarKernels(const ScalarKernels&) = delete;
  ScalarKernels& operator=(const ScalarKernels&) = delete;
};

}  // namespace lightly::fuzz
