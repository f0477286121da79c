#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/block_pool.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::data {

/// Where the tensors of batches come from: memory that is used again once no tensor refers to it.
///
/// A block comes back in the deleter of the tensors' storage, thus never while anyone holds a
/// tensor, a view of it, or a graph that saved it. Pinned tensors come from LibTorch's caching
/// allocator instead, which also waits for copies to the GPU that still run. Thread-safe.
class BatchMemory {
 public:
  /// Keeps at most `most_kept` free blocks.
  BatchMemory(std::size_t most_kept, bool pinned)
      : pool_(std::make_shared<core::BlockPool>(most_kept)), pinned_(pinned) {}

  /// float32 or uint8 [count, 3, height, width], channels-last, not initialised.
  at::Tensor images(std::int64_t count, const transforms::Size& size,
                    at::ScalarType dtype = at::kFloat);

  /// int64 [count] with these values.
  at::Tensor targets(const std::vector<std::int64_t>& values) const;

  /// Frees what is kept, and keeps nothing from here on.
  void close() { pool_->close(); }

 private:
  std::shared_ptr<core::BlockPool> pool_;
  bool pinned_;
};

}  // namespace lightly::data
