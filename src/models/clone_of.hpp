#pragma once

#include <memory>
#include <optional>

#include <ATen/core/Tensor.h>

namespace lightly::models {

/// The clone of a holder's module, in a holder of that type.
template <typename Holder>
Holder clone_of(const Holder& holder, const std::optional<at::Device>& device) {
  return Holder(std::dynamic_pointer_cast<typename Holder::ContainedType>(holder->clone(device)));
}

}  // namespace lightly::models
