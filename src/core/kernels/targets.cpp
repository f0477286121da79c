#include "core/kernels/targets.hpp"

#include <atomic>

#include <hwy/highway.h>

namespace lightly::core::kernels {
namespace {

bool find_byte_dots() {
  return (hwy::SupportedTargets() & HWY_AVX3_DL) != 0;
}

std::atomic<bool>& byte_dots() {
  static std::atomic<bool> found{find_byte_dots()};
  return found;
}

}  // namespace

std::int64_t compiled_targets() {
  return HWY_TARGETS | ((HWY_TARGETS & HWY_AVX3) != 0 ? HWY_AVX3_DL : 0);
}

bool has_byte_dots() {
  return byte_dots().load(std::memory_order_relaxed);
}

void use_target(std::int64_t target) {
  hwy::SetSupportedTargetsForTest(target == HWY_AVX3_DL ? target | HWY_AVX3 : target);
  hwy::GetChosenTarget().DeInit();
  byte_dots() = find_byte_dots();
}

}  // namespace lightly::core::kernels
