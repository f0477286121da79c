#include "lightly/transforms/random_apply.hpp"

#include <utility>

#include "lightly/core/check.hpp"

namespace lightly::transforms {

void RandomApplyOptions::check() const {
  check_transforms("RandomApply", transforms);
  core::check_probability("RandomApply", "p", p);
}

RandomApply::RandomApply(RandomApplyOptions options) : options_(std::move(options)) {
  options_.check();
}

bool RandomApply::sample(core::Random& random) const {
  return random.bernoulli(options_.p);
}

at::Tensor RandomApply::operator()(const at::Tensor& image, core::Random& random) const {
  at::Tensor result = image;
  if (sample(random)) {
    for (const ImageTransform& transform : options_.transforms) {
      result = transform(result, random);
    }
  }
  return result;
}

}  // namespace lightly::transforms
