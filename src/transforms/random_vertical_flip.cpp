#include "lightly/transforms/random_vertical_flip.hpp"

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"

namespace lightly::transforms {

void RandomVerticalFlipOptions::check() const {
  core::check_probability("RandomVerticalFlip", "p", p);
}

RandomVerticalFlip::RandomVerticalFlip(RandomVerticalFlipOptions options) : options_(options) {
  options_.check();
}

bool RandomVerticalFlip::sample(core::Random& random) const {
  return random.bernoulli(options_.p);
}

at::Tensor RandomVerticalFlip::operator()(const at::Tensor& image, core::Random& random) const {
  core::check_image("RandomVerticalFlip", image);
  return sample(random) ? functional::vflip(image) : image;
}

}  // namespace lightly::transforms
