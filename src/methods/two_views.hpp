#pragma once

#include <utility>

#include <ATen/core/Tensor.h>

#include "lightly/data/sample.hpp"
#include "lightly/methods/method.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::methods {

/// The views of `batch` on the device of the method's parameters, without waiting for the copies.
/// Throws c10::ValueError, which names the class of the method, unless there are two.
std::pair<at::Tensor, at::Tensor> two_views(const Method& method, const data::Batch& batch);

/// Whether images of that size are too small to be blurred.
inline bool is_small(const transforms::Size& size) {
  return size.height <= 64 && size.width <= 64;
}

/// The options of a preset for images of that size, without its blur where they are small.
template <typename Options>
Options view_options(const transforms::Size& input_size) {
  Options options{.input_size = input_size};
  if (is_small(input_size)) {
    options.gaussian_blur = 0.0;
  }
  return options;
}

}  // namespace lightly::methods
