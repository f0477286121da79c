#pragma once

#include <optional>
#include <string_view>

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace lightly::training {

/// The type in which the matrix products of a training step are computed; parameters stay float32.
enum class Precision {
  /// bfloat16 on CUDA and on a CPU that multiplies it faster than float32, else float32.
  kAuto,
  kFloat32,
  kBFloat16,
};

/// Reads "auto", "fp32" or "bf16"; throws c10::ValueError for anything else.
Precision parse_precision(std::string_view text);

/// "auto", "fp32" or "bf16".
std::string_view precision_name(Precision precision);

/// Whether this CPU has bfloat16 instructions (AVX512_BF16 or AMX-BF16); others emulate the type
/// more slowly than they compute float32.
bool cpu_multiplies_bfloat16();

/// Whether this CPU multiplies bfloat16 faster than float32: it has AMX-BF16, or AVX512_BF16 and is
/// not one of Intel's from Sapphire Rapids on, whose vdpbf16ps makes half the products a second of
/// a float32 multiply-add (a virtual machine may hide their AMX).
bool cpu_favours_bfloat16();

/// What kAuto stands for on `device`: bfloat16 on CUDA (cards before Ampere emulate it: choose
/// float32 there) and where cpu_favours_bfloat16, else float32. The others are returned as they
/// are.
Precision resolve(Precision precision, const c10::Device& device);

/// The type for core::AutocastGuard and evaluation::EmbedOptions: kBFloat16 where `precision`
/// resolves to it, else none.
std::optional<c10::ScalarType> autocast_dtype(Precision precision, const c10::Device& device);

}  // namespace lightly::training
