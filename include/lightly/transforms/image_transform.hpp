#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"

namespace lightly::transforms {

/// What a transform is: an image and the randomness of its view in, an image out. Classes with a
/// matching `operator() const` and lambdas convert to it.
///
/// The input is uint8 [3, H, W], RGB; the result is uint8 or float32 [3, h, w]. It may share memory
/// with the input and must not write to it. Called from worker threads at the same time, so it must
/// not change shared state.
using ImageTransform = std::function<at::Tensor(const at::Tensor& image, core::Random& random)>;

/// Throws c10::ValueError when one of the functions is empty.
void check_transforms(std::string_view callee, const std::vector<ImageTransform>& transforms);

}  // namespace lightly::transforms
