#pragma once

#include <torch/nn/module.h>

namespace lightly::training {

/// Lays the 4-d parameters, their gradients and the 4-d buffers out channels-last, in which the
/// CPU's and the tensor cores' convolutions are fastest; values and shapes stay.
///
/// Known fault of oneDNN on CPUs with AVX2 only (seen with LibTorch 2.13 and 2.14): the backward
/// pass of a channels-last 1x1 convolution with stride 2 and 4 input channels never ends; a ResNet
/// of width 0.0625 has one. Keep such a module and its batches contiguous.
///
/// The tensors stay the same objects, so that an optimizer that holds them goes on. Feed it
/// channels-last batches. As Python's `module.to(memory_format=torch.channels_last)`.
void to_channels_last(torch::nn::Module& module);

}  // namespace lightly::training
