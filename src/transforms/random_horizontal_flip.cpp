#include "lightly/transforms/random_horizontal_flip.hpp"

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"

namespace lightly::transforms {

void RandomHorizontalFlipOptions::check() const {
  core::check_probability("RandomHorizontalFlip", "p", p);
}

RandomHorizontalFlip::RandomHorizontalFlip(RandomHorizontalFlipOptions options)
    : options_(options) {
  options_.check();
}

bool RandomHorizontalFlip::sample(core::Random& random) const {
  return random.bernoulli(options_.p);
}

at::Tensor RandomHorizontalFlip::operator()(const at::Tensor& image, core::Random& random) const {
  core::check_image("RandomHorizontalFlip", image);
  return sample(random) ? functional::hflip(image) : image;
}

}  // namespace lightly::transforms
