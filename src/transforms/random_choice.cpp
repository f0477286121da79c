#include "lightly/transforms/random_choice.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"

namespace lightly::transforms {

void RandomChoiceOptions::check() const {
  TORCH_CHECK_VALUE(!transforms.empty(),
                    "RandomChoice: transforms must hold at least one, got none");
  check_transforms("RandomChoice", transforms);
  if (p.empty()) {
    return;
  }
  TORCH_CHECK_VALUE(p.size() == transforms.size(),
                    "RandomChoice: p must have a weight for each of the ", transforms.size(),
                    " transforms, got ", p.size());
  for (const double weight : p) {
    core::check_not_negative("RandomChoice", "p", weight);
  }
  core::check_positive("RandomChoice", "the sum of p", std::accumulate(p.begin(), p.end(), 0.0));
}

RandomChoice::RandomChoice(RandomChoiceOptions options) : options_(std::move(options)) {
  options_.check();
  up_to_.resize(options_.p.size());
  std::partial_sum(options_.p.begin(), options_.p.end(), up_to_.begin());
  const double sum = up_to_.empty() ? 1.0 : up_to_.back();
  for (double& share : up_to_) {
    share /= sum;
  }
}

std::size_t RandomChoice::sample(core::Random& random) const {
  if (up_to_.empty()) {
    return random.below(options_.transforms.size());
  }
  // The first share beyond the draw: a weight of 0 adds nothing to the share before, and the draw
  // is below 1.
  const double drawn = random.uniform();
  return static_cast<std::size_t>(std::upper_bound(up_to_.begin(), up_to_.end(), drawn) -
                                  up_to_.begin());
}

at::Tensor RandomChoice::operator()(const at::Tensor& image, core::Random& random) const {
  return options_.transforms[sample(random)](image, random);
}

}  // namespace lightly::transforms
