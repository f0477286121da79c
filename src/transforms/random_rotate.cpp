#include "lightly/transforms/random_rotate.hpp"

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"

namespace lightly::transforms {

void RandomRotateOptions::check() const {
  core::check_probability("RandomRotate", "prob", prob);
}

RandomRotate::RandomRotate(RandomRotateOptions options) : options_(options) {
  options_.check();
}

bool RandomRotate::sample(core::Random& random) const {
  return random.bernoulli(options_.prob);
}

at::Tensor RandomRotate::operator()(const at::Tensor& image, core::Random& random) const {
  return sample(random) ? functional::rotate90(image) : image;
}

}  // namespace lightly::transforms
