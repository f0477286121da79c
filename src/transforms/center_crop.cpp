#include "lightly/transforms/center_crop.hpp"

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"

namespace lightly::transforms {

void CenterCropOptions::check() const {
  check_size("CenterCrop", "size", size);
}

CenterCrop::CenterCrop(CenterCropOptions options) : options_(options) {
  options_.check();
}

at::Tensor CenterCrop::operator()(const at::Tensor& image, core::Random& /*random*/) const {
  core::check_image("CenterCrop", image);
  return functional::center_crop(image, options_.size);
}

}  // namespace lightly::transforms
