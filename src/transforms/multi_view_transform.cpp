#include "lightly/transforms/multi_view_transform.hpp"

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"
#include "transforms/view_checks.hpp"

namespace lightly::transforms {

std::vector<at::Tensor> MultiViewTransform::operator()(const at::Tensor& image,
                                                       const core::RandomKey& key) const {
  check();
  core::check_image("MultiViewTransform", image);
  const Normalization normalization = normalize.value_or(Normalization());
  std::vector<at::Tensor> views;
  for (std::size_t v = 0; v < transforms.size(); ++v) {
    core::Random random({.seed = key.seed, .epoch = key.epoch, .index = key.index, .view = v});
    const at::Tensor made = transforms[v](image, random);
    check_made("MultiViewTransform: ", static_cast<std::int64_t>(v), made);
    views.push_back(made.scalar_type() == at::kByte
                        ? functional::to_float_normalize(made, normalization)
                        : made);
  }
  return views;
}

void MultiViewTransform::check() const {
  TORCH_CHECK_VALUE(!transforms.empty(),
                    "MultiViewTransform: transforms must hold at least one, got none");
  check_transforms("MultiViewTransform", transforms);
  if (normalize) {
    normalize->check();
  }
}

}  // namespace lightly::transforms
