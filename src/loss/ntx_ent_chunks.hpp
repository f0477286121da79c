#pragma once

#include <cstdint>
#include <utility>

#include <ATen/core/Tensor.h>

namespace lightly::loss {

/// NT-Xent and its gradient by LibTorch's operators, some rows of the similarities at a time: any
/// device and floating-point type, in O(B D) memory beside the chunk.
class NTXentChunks {
 public:
  struct Options {
    double temperature;
    /// How large a chunk of similarities may be.
    std::int64_t chunk_bytes;
  };

  /// Computes the loss of `out0` and `out1` [B, D]; `bank` [K, D] holds the negatives, or is
  /// undefined: then they are the other rows of both.
  NTXentChunks(const at::Tensor& out0, const at::Tensor& out1, const at::Tensor& bank,
               const Options& options);

  /// A scalar on the device of the rows.
  const at::Tensor& loss() const { return loss_; }

  /// The gradients by out0 and out1, times the scalar `scale`. Throws c10::Error when the bank was
  /// written since.
  std::pair<at::Tensor, at::Tensor> gradient(const at::Tensor& scale) const;

 private:
  at::Tensor similarities(std::int64_t first, std::int64_t count) const;
  template <typename Body>
  void for_each_chunk(Body body) const;

  bool has_bank() const { return bank_.defined(); }

  std::int64_t batch_;
  std::int64_t chunk_rows_;
  double temperature_;
  /// The rows of length 1 whose similarities are taken: of out0 with a bank, else of both.
  at::Tensor anchors_;
  /// The partner of each anchor.
  at::Tensor partners_;
  at::Tensor bank_;
  /// How often the bank had been written.
  std::uint32_t bank_version_ = 0;
  /// Lengths of the rows of out0 and out1, [2 B, 1].
  at::Tensor lengths_;
  at::Tensor log_sums_;
  at::Tensor positives_;
  at::Tensor loss_;
};

}  // namespace lightly::loss
