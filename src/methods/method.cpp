#include "lightly/methods/method.hpp"

#include <algorithm>
#include <iterator>

namespace lightly::methods {

void Method::after_step(std::int64_t /*step*/) {}

std::vector<at::Tensor> Method::trained_parameters() const {
  std::vector<at::Tensor> trained;
  std::ranges::copy_if(parameters(), std::back_inserter(trained), &at::Tensor::requires_grad);
  return trained;
}

}  // namespace lightly::methods
