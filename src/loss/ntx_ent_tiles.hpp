#pragma once

#include <cstdint>
#include <utility>

#include <ATen/core/Tensor.h>

#include "core/block_pool.hpp"
#include "core/kernels/tiles.hpp"

namespace lightly::loss {

/// NT-Xent of two batches of views and its gradient, tile by tile, so that the matrix of
/// similarities never exists as a whole: O(B D) memory a thread, and each similarity is computed
/// once for both of its rows. Float32 on the CPU.
///
/// The forward pass sums the exponentials of every row, the backward pass weighs rows by them: it
/// computes the tiles again, or takes those that the forward pass kept. Similarities of rows of
/// length 1 are at most 1 / |temperature|. Where that is small, all exponentials are taken of the
/// difference to it, once for both rows; else of the difference to a running maximum of each row.
/// Results depend on the number of LibTorch's threads by rounding, and on nothing else.
class NTXentTiles {
 public:
  struct Options {
    double temperature;
    /// Whether gradient() will be called.
    bool with_gradient;
    /// Similarities are kept for the backward pass when they all fit into so many bytes.
    std::int64_t kept_bytes;
    /// Where their memory comes from; null: from the system.
    core::BlockPool* memory;
  };

  /// Computes the loss of `out0` and `out1`, contiguous float32 [B, D].
  NTXentTiles(const at::Tensor& out0, const at::Tensor& out1, const Options& options);

  double loss() const { return loss_; }

  /// The gradients by out0 and out1, times `scale`.
  std::pair<at::Tensor, at::Tensor> gradient(double scale) const;

 private:
  struct Block;

  void pack(const at::Tensor& out0, const at::Tensor& out1);
  void sum_exponentials();
  /// Writes the weights of the backward pass to `weights`.
  void weigh(const Block& block, float* weights) const;
  template <typename Body>
  void for_each_tile(Body body) const;
  core::kernels::Tile tile_of(const Block& block, float* values) const;
  void multiply(const Block& block, float* tile) const;
  at::Tensor gradient_of_view(std::int64_t view, const at::Tensor& sums, double scale) const;

  std::int64_t batch_;
  std::int64_t depth_;
  /// Rows in all, 2 * batch, and padded to whole panels.
  std::int64_t rows_;
  std::int64_t padded_rows_;
  /// Rows of a tile; the last may have fewer.
  std::int64_t tile_;
  /// From one row of a tile to the next.
  std::int64_t stride_;
  std::int64_t tiles_;
  std::int64_t threads_;
  /// Each row is multiplied by it, so that products are divided by |temperature|.
  float scale_;
  double sign_;
  /// What no similarity is above, but for rounding.
  float bound_;
  /// Whether exponentials of differences to the bound are in the range of float32.
  bool is_bounded_;
  double loss_ = 0.0;
  /// The normalized rows in the order in which products are taken; the left ones with the sign.
  at::Tensor left_, right_, slices_;
  at::Tensor lengths_;
  /// How the backward pass normalises each row's exponentials: the logarithm of their sum,
  /// +infinity behind the last row; with is_bounded_ the inverse of the sum of exp(similarity -
  /// bound_), 0 behind it.
  at::Tensor normalizers_;
  /// The similarities by tile, with is_bounded_ exp(similarity - bound_); undefined when they are
  /// computed again.
  at::Tensor kept_;
};

}  // namespace lightly::loss
