#pragma once

#include <string_view>

#include <ATen/core/Tensor.h>

#include "lightly/transforms/size.hpp"
#include "transforms/kernels/image.hpp"

namespace lightly::transforms::functional {

/// [3, h, w] in channels-last memory, not initialised.
at::Tensor empty_image(const Size& size, at::ScalarType dtype = at::kByte);

/// What a kernel writes to: the memory of `image`, which empty_image made.
kernels::Image pixels_to_write(const at::Tensor& image);

/// The checked pixels of an argument, interleaved: the tensor's own memory where it is so, else a
/// copy that lives as long as this object.
class Pixels {
 public:
  /// Throws c10::ValueError that names `callee` unless `image` is uint8 [3, H, W] on the CPU.
  Pixels(std::string_view callee, const at::Tensor& image);

  const kernels::ConstImage& operator*() const { return view_; }
  const kernels::ConstImage* operator->() const { return &view_; }
  Size size() const { return {view_.height, view_.width}; }

  /// The part of the image in `box`; throws c10::ValueError that names `callee` and `name` unless
  /// it lies inside.
  kernels::ConstImage part(std::string_view callee, std::string_view name, const Box& box) const;

 private:
  at::Tensor copy_;
  kernels::ConstImage view_{};
};

}  // namespace lightly::transforms::functional
