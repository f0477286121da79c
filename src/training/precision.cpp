#include "lightly/training/precision.hpp"

#include <array>
#include <utility>

#include <c10/util/Exception.h>

namespace lightly::training {
namespace {

constexpr std::array<std::pair<std::string_view, Precision>, 3> kNames{{
    {"auto", Precision::kAuto},
    {"fp32", Precision::kFloat32},
    {"bf16", Precision::kBFloat16},
}};

}  // namespace

Precision parse_precision(std::string_view text) {
  for (const auto& [name, precision] : kNames) {
    if (name == text) {
      return precision;
    }
  }
  TORCH_CHECK_VALUE(false, "parse_precision: must be auto, fp32 or bf16, got ", text);
}

std::string_view precision_name(Precision precision) {
  for (const auto& [name, value] : kNames) {
    if (value == precision) {
      return name;
    }
  }
  TORCH_CHECK_VALUE(false, "precision_name: no such precision, got ", static_cast<int>(precision));
}

bool cpu_multiplies_bfloat16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0 || __builtin_cpu_supports("amx-bf16") != 0;
#else
  return false;
#endif
}

bool cpu_favours_bfloat16() {
#if defined(__x86_64__)
  const bool multiplies_slowly = __builtin_cpu_is("intel") && !__builtin_cpu_is("cooperlake");
  return __builtin_cpu_supports("amx-bf16") != 0 ||
         (__builtin_cpu_supports("avx512bf16") != 0 && !multiplies_slowly);
#else
  return false;
#endif
}

Precision resolve(Precision precision, const c10::Device& device) {
  if (precision != Precision::kAuto) {
    return precision;
  }
  const bool fast = device.is_cuda() || (device.is_cpu() && cpu_favours_bfloat16());
  return fast ? Precision::kBFloat16 : Precision::kFloat32;
}

std::optional<c10::ScalarType> autocast_dtype(Precision precision, const c10::Device& device) {
  return resolve(precision, device) == Precision::kBFloat16 ? std::optional(at::kBFloat16)
                                                            : std::nullopt;
}

}  // namespace lightly::training
