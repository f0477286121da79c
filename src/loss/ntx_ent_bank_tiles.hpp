#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace lightly::loss {

/// NT-Xent of keys against a memory bank and its gradient, tile by tile: the B x K similarities
/// never exist as a whole, and a single pass over the bank gives the loss and the gradient. Float32
/// on the CPU.
///
/// Each row of out0 has its row of out1 as the positive and the rows of the bank as negatives. The
/// running sum of exp(similarity) * bank row is rescaled when a larger similarity comes, as in
/// [0] FlashAttention, 2022, arXiv:2205.14135. Results depend on the number of LibTorch's threads
/// by rounding, and on nothing else.
class NTXentBankTiles {
 public:
  struct Options {
    double temperature;
    /// Whether gradient() will be called.
    bool with_gradient;
  };

  /// Computes the loss of `out0` and `out1`, contiguous float32 [B, D], with `bank`, contiguous
  /// float32 [K, D].
  NTXentBankTiles(const at::Tensor& out0, const at::Tensor& out1, const at::Tensor& bank,
                  const Options& options);

  double loss() const { return loss_; }

  /// The gradients by out0 and out1, times `scale`.
  std::pair<at::Tensor, at::Tensor> gradient(double scale) const;

 private:
  /// Rows divided by their lengths and times a scale.
  struct Normalized {
    Normalized(const at::Tensor& rows, double scale);

    at::Tensor units;
    at::Tensor lengths;
  };

  /// What a thread has summed up over its part of the bank.
  struct Partial {
    at::Tensor maxima;
    at::Tensor sums;
    /// [padded B, padded D]; undefined without gradient.
    at::Tensor weighted;
    /// The rows of the bank that are visited, and their similarities and factors.
    at::Tensor panels, slices, tile;
  };

  void visit(const at::Tensor& bank, std::int64_t first, std::int64_t last, Partial& partial) const;
  void merge(const std::vector<Partial>& partials, bool with_gradient);

  std::int64_t batch_;
  std::int64_t depth_;
  double temperature_;
  double loss_ = 0.0;
  /// out0 / |out0| / temperature and out1 / |out1|.
  Normalized queries_, keys_;
  at::Tensor query_panels_;
  at::Tensor positives_;
  /// The gradients by the rows of length 1, times temperature * B.
  at::Tensor of_queries_, of_keys_;
};

}  // namespace lightly::loss
