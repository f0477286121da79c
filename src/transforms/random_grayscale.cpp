#include "lightly/transforms/random_grayscale.hpp"

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"

namespace lightly::transforms {

void RandomGrayscaleOptions::check() const {
  core::check_probability("RandomGrayscale", "p", p);
}

RandomGrayscale::RandomGrayscale(RandomGrayscaleOptions options) : options_(options) {
  options_.check();
}

bool RandomGrayscale::sample(core::Random& random) const {
  return random.bernoulli(options_.p);
}

at::Tensor RandomGrayscale::operator()(const at::Tensor& image, core::Random& random) const {
  core::check_image("RandomGrayscale", image);
  return sample(random) ? functional::to_grayscale(image) : image;
}

}  // namespace lightly::transforms
