#include "lightly/training/memory_format.hpp"

#include <ATen/core/grad_mode.h>

namespace lightly::training {
namespace {

void convert(at::Tensor& tensor) {
  if (tensor.defined() && tensor.dim() == 4) {
    tensor.set_data(tensor.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

}  // namespace

void to_channels_last(torch::nn::Module& module) {
  const at::NoGradGuard no_grad;
  for (at::Tensor& parameter : module.parameters()) {
    convert(parameter);
    convert(parameter.mutable_grad());
  }
  for (at::Tensor& buffer : module.buffers()) {
    convert(buffer);
  }
}

}  // namespace lightly::training
