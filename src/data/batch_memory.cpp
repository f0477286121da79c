#include "data/batch_memory.hpp"

#include <cstring>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

namespace lightly::data {

at::Tensor BatchMemory::images(std::int64_t count, const transforms::Size& size,
                               at::ScalarType dtype) {
  const auto [height, width] = size;
  if (pinned_) {
    return at::empty({count, 3, height, width}, at::TensorOptions(dtype).pinned_memory(true),
                     at::MemoryFormat::ChannelsLast);
  }
  const std::int64_t numbers = count * 3 * height * width;
  core::MemoryBlock block =
      pool_->take("BatchMemory", at::elementSize(dtype) * static_cast<std::size_t>(numbers));
  void* data = block.memory.get();
  return at::for_blob(data, {count, 3, height, width})
      .strides(at::IntArrayRef{3 * height * width, 1, 3 * width, 3})
      .deleter([block = std::move(block)](void*) {})
      .options(at::TensorOptions(dtype))
      .make_tensor();
}

at::Tensor BatchMemory::targets(const std::vector<std::int64_t>& values) const {
  at::Tensor result = at::empty({static_cast<std::int64_t>(values.size())},
                                at::TensorOptions(at::kLong).pinned_memory(pinned_));
  std::memcpy(result.mutable_data_ptr(), values.data(), values.size() * sizeof(values[0]));
  return result;
}

}  // namespace lightly::data
