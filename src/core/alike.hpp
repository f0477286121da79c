#pragma once

#include <string>

#include <ATen/core/Tensor.h>
#include <c10/util/StringUtil.h>

namespace lightly::core {

/// Whether both tensors are defined and of one shape, dtype and device.
inline bool alike(const at::Tensor& a, const at::Tensor& b) {
  return a.defined() && b.defined() && a.sizes() == b.sizes() &&
         a.scalar_type() == b.scalar_type() && a.device() == b.device();
}

/// What `alike` compares, for error texts: "Float [2, 3] on cpu".
inline std::string kind_of(const at::Tensor& tensor) {
  return tensor.defined()
             ? c10::str(tensor.scalar_type(), " ", tensor.sizes(), " on ", tensor.device())
             : "undefined";
}

}  // namespace lightly::core
