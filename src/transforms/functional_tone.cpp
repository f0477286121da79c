// Operations that give every byte a new value by a table.
#include <c10/util/Exception.h>

#include "lightly/transforms/functional.hpp"
#include "transforms/kernels/tone.hpp"
#include "transforms/pixels.hpp"

namespace lightly::transforms::functional {
namespace {

at::Tensor looked_up(const Pixels& pixels, const kernels::ByteTable& table) {
  at::Tensor result = empty_image(pixels.size());
  kernels::look_up(*pixels, table, pixels_to_write(result));
  return result;
}

}  // namespace

at::Tensor invert(const at::Tensor& image) {
  const Pixels pixels("invert", image);
  at::Tensor result = empty_image(pixels.size());
  kernels::invert(*pixels, pixels_to_write(result));
  return result;
}

at::Tensor posterize(const at::Tensor& image, std::int64_t bits) {
  const Pixels pixels("posterize", image);
  TORCH_CHECK_VALUE(bits >= 1 && bits <= 8, "posterize: bits must be in [1, 8], got ", bits);
  at::Tensor result = empty_image(pixels.size());
  kernels::posterize(*pixels, bits, pixels_to_write(result));
  return result;
}

at::Tensor equalize(const at::Tensor& image) {
  const Pixels pixels("equalize", image);
  return looked_up(pixels, kernels::equalize_table(kernels::histogram(*pixels)));
}

at::Tensor autocontrast(const at::Tensor& image) {
  const Pixels pixels("autocontrast", image);
  return looked_up(pixels, kernels::autocontrast_table(kernels::histogram(*pixels)));
}

}  // namespace lightly::transforms::functional
