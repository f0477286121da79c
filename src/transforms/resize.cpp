#include "lightly/transforms/resize.hpp"

#include "lightly/core/check.hpp"

namespace lightly::transforms {

void ResizeOptions::check() const {
  check_size("Resize", "size", size);
}

Resize::Resize(ResizeOptions options) : options_(options) {
  options_.check();
}

at::Tensor Resize::operator()(const at::Tensor& image, core::Random& /*random*/) const {
  core::check_image("Resize", image);
  return functional::resize(
      image, options_.size,
      {.interpolation = options_.interpolation, .pass_order = options_.pass_order});
}

}  // namespace lightly::transforms
