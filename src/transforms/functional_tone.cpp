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

at::Tensor solarize(const at::Tensor& image, std::int64_t threshold) {
  const Pixels pixels("solarize", image);
  TORCH_CHECK_VALUE(threshold >= 0 && threshold <= 256,
                    "solarize: threshold must be in [0, 256], got ", threshold);
  return looked_up(pixels, kernels::solarize_table(threshold));
}

at::Tensor posterize(const at::Tensor& image, std::int64_t bits) {
  const Pixels pixels("posterize", image);
  TORCH_CHECK_VALUE(bits >= 1 && bits <= 8, "posterize: bits must be in [1, 8], got ", bits);
  return looked_up(pixels, kernels::posterize_table(bits));
}

at::Tensor equalize(const at::Tensor& image) {
  const Pixels pixels("equalize", image);
  return looked_up(pixels, kernels::equalize_table(kernels::histogram(*pixels)));
}

at::Tensor autocontrast(const at::Tensor& image) {
  const Pixels pixels("autocontrast", image);
  return looked_up(pixels, kernels::autocontrast_table(kernels::histogram(*pixels)));
}

at::Tensor invert(const at::Tensor& image) {
  return looked_up(Pixels("invert", image), kernels::solarize_table(0));
}

}  // namespace lightly::transforms::functional
