#include "data/batch_memory.hpp"

#include <algorithm>
#include <cstring>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

namespace lightly::data {

at::Tensor BatchMemory::images(std::int64_t count, std::int64_t height, std::int64_t width) {
  if (pinned_) {
    return at::empty({count, 3, height, width}, at::TensorOptions(at::kFloat).pinned_memory(true),
                     at::MemoryFormat::ChannelsLast);
  }
  Block block = take(sizeof(float) * static_cast<std::size_t>(count * 3 * height * width));
  void* data = block.memory.get();
  return at::for_blob(data, {count, 3, height, width})
      .strides(at::IntArrayRef{3 * height * width, 1, 3 * width, 3})
      .deleter([memory = shared_from_this(), block = std::move(block)](void*) {
        memory->give_back(block);
      })
      .options(at::TensorOptions(at::kFloat))
      .make_tensor();
}

at::Tensor BatchMemory::targets(const std::vector<std::int64_t>& values) const {
  at::Tensor result = at::empty({static_cast<std::int64_t>(values.size())},
                                at::TensorOptions(at::kLong).pinned_memory(pinned_));
  std::memcpy(result.mutable_data_ptr(), values.data(), values.size() * sizeof(values[0]));
  return result;
}

void BatchMemory::close() {
  const std::scoped_lock lock(mutex_);
  most_kept_ = 0;
  free_.clear();
}

BatchMemory::Block BatchMemory::take(std::size_t bytes) {
  {
    const std::scoped_lock lock(mutex_);
    // The smallest that fits; of equal ones the last returned, whose lines may still be cached.
    auto best = free_.end();
    for (auto it = free_.begin(); it != free_.end(); ++it) {
      if (it->bytes >= bytes && (best == free_.end() || it->bytes <= best->bytes)) {
        best = it;
      }
    }
    if (best != free_.end()) {
      Block block = std::move(*best);
      free_.erase(best);
      return block;
    }
    // Views have changed their size: make room for the new one.
    if (!free_.empty() && free_.size() >= most_kept_) {
      free_.erase(free_.begin());
    }
  }
  return core::allocate_block("BatchMemory", bytes);
}

void BatchMemory::give_back(const Block& block) {
  const std::scoped_lock lock(mutex_);
  if (free_.size() < most_kept_) {
    free_.push_back(block);
  }
}

}  // namespace lightly::data
