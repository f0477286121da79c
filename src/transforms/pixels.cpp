#include "transforms/pixels.hpp"

#include <ATen/EmptyTensor.h>
#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "transforms/kernels/geometry.hpp"

namespace lightly::transforms::functional {

// Past the dispatcher: at 32 px a dispatched at::empty costs as much as the pixels.
at::Tensor empty_image(const Size& size, at::ScalarType dtype) {
  const std::int64_t sizes[] = {3, size.height, size.width};
  const std::int64_t strides[] = {1, 3 * size.width, 3};
  return at::Tensor(at::detail::empty_strided_cpu(sizes, strides, dtype));
}

kernels::Image pixels_to_write(const at::Tensor& image) {
  return {static_cast<std::uint8_t*>(image.mutable_data_ptr()), image.stride(1), image.size(1),
          image.size(2)};
}

Pixels::Pixels(std::string_view callee, const at::Tensor& image) {
  core::check_image(callee, image);
  const std::int64_t height = image.size(1);
  const std::int64_t width = image.size(2);
  const auto* data = static_cast<const std::uint8_t*>(image.const_data_ptr());
  // The stride along an axis of one element says nothing.
  if (image.stride(0) == 1 && (image.stride(2) == 3 || width == 1)) {
    view_ = {data, image.stride(1), height, width};
    return;
  }
  copy_ = empty_image({height, width});
  const kernels::Image target = pixels_to_write(copy_);
  kernels::interleave({data, image.stride(0), image.stride(1), image.stride(2)}, target);
  view_ = target;
}

kernels::ConstImage Pixels::part(std::string_view callee, std::string_view name,
                                 const Box& box) const {
  TORCH_CHECK_VALUE(is_inside(box, size()), callee, ": ", name,
                    " must be at least 1x1 px and inside the image of ", size(), ", got ", box);
  return {view_.row(box.top) + 3 * box.left, view_.row_bytes, box.height, box.width};
}

}  // namespace lightly::transforms::functional
