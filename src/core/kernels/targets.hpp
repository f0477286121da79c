#pragma once

#include <cstdint>

namespace lightly::core::kernels {

/// The SIMD targets that the kernels were compiled for, as hwy::SupportedTargets() counts them;
/// AVX3_DL is AVX3 where has_byte_dots().
std::int64_t compiled_targets();

/// Whether the processor permutes bytes over a vector and multiplies four at a time (AVX512_VBMI
/// and AVX512_VNNI). Asks it once: Highway's own question costs microseconds in a virtual machine.
bool has_byte_dots();

/// Takes no other target than this one, or with 0 the best there is; for tests.
void use_target(std::int64_t target);

}  // namespace lightly::core::kernels
