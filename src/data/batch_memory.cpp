#include "data/batch_memory.hpp"

#include <cstring>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

namespace lightly::data {

at::Tensor BatchMemory::images(std::int64_t count, std::int64_t height, std::int64_t width) {
  if (pinned_) {
    return at::empty({count, 3, height, width}, at::TensorOptions(at::kFloat).pinned_memory(true),
                     at::MemoryFormat::ChannelsLast);
  }
  core::MemoryBlock block = pool_->take(
      "BatchMemory", sizeof(float) * static_cast<std::size_t>(count * 3 * height * width));
  void* data = block.memory.get();
  return at::for_blob(data, {count, 3, height, width})
      .strides(at::IntArrayRef{3 * height * width, 1, 3 * width, 3})
      .deleter([block = std::move(block)](void*) {})
      .options(at::TensorOptions(at::kFloat))
      .make_tensor();
}

at::Tensor BatchMemory::targets(const std::vector<std::int64_t>& values) const {
  at::Tensor result = at::empty({static_cast<std::int64_t>(values.size())},
                                at::TensorOptions(at::kLong).pinned_memory(pinned_));
  std::memcpy(result.mutable_data_ptr(), values.data(), values.size() * sizeof(values[0]));
  return result;
}

}  // namespace lightly::data
