#include "lightly/training/precision.hpp"

#include <array>
#include <utility>

#include <ATen/autocast_mode.h>
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

Precision resolve(Precision precision, const c10::Device& device) {
  if (precision != Precision::kAuto) {
    return precision;
  }
  const bool fast = device.is_cuda() || (device.is_cpu() && cpu_multiplies_bfloat16());
  return fast ? Precision::kBFloat16 : Precision::kFloat32;
}

AutocastGuard::AutocastGuard(Precision precision, const c10::Device& device)
    : device_type_(device.type()),
      was_enabled_(at::autocast::is_autocast_enabled(device_type_)),
      old_dtype_(at::autocast::get_autocast_dtype(device_type_)) {
  const bool enabled = resolve(precision, device) == Precision::kBFloat16;
  at::autocast::set_autocast_enabled(device_type_, enabled);
  if (enabled) {
    at::autocast::set_autocast_dtype(device_type_, at::kBFloat16);
  }
  at::autocast::increment_nesting();
}

AutocastGuard::~AutocastGuard() {
  if (at::autocast::decrement_nesting() == 0) {
    // The cache holds parameters cast to bfloat16: the optimizer is about to change them.
    at::autocast::clear_cache();
  }
  at::autocast::set_autocast_enabled(device_type_, was_enabled_);
  at::autocast::set_autocast_dtype(device_type_, old_dtype_);
}

}  // namespace lightly::training
