#pragma once

#include <optional>

#include <c10/core/DeviceType.h>
#include <c10/core/ScalarType.h>

namespace lightly::core {

/// While it lives, the operators of this thread that gain from it run in `dtype` on that kind of
/// device (PyTorch's autocast); without a type, autocast is off.
///
/// Guards nest; the destructor puts back what was there. The forward pass and the loss belong
/// inside, backward() and the optimizer outside.
class AutocastGuard {
 public:
  AutocastGuard(c10::DeviceType device, std::optional<c10::ScalarType> dtype);
  ~AutocastGuard();
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  c10::DeviceType device_;
  bool was_enabled_;
  c10::ScalarType old_dtype_;
};

}  // namespace lightly::core
