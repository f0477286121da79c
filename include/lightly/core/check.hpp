#pragma once

#include <cstdint>
#include <string_view>

#include <ATen/core/Tensor.h>

/// Checks that several folders share. Each throws early, with the text `callee: rule, got value`.
namespace lightly::core {

/// Throws c10::ValueError unless `value` is in [0, 1]; NaN is rejected.
void check_probability(std::string_view callee, std::string_view name, double value);

/// Throws c10::ValueError unless `value` > 0 and finite.
void check_positive(std::string_view callee, std::string_view name, double value);

/// Throws c10::ValueError unless `value` >= 0 and finite.
void check_not_negative(std::string_view callee, std::string_view name, double value);

/// Throws c10::ValueError unless `value` >= `least`.
void check_at_least(std::string_view callee, std::string_view name, std::int64_t value,
                    std::int64_t least);

/// Throws c10::ValueError unless `image` is a uint8 tensor [3, H, W] with H, W >= 1 on the CPU (any
/// strides).
void check_image(std::string_view callee, const at::Tensor& image);

}  // namespace lightly::core
