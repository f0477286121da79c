#pragma once

#include <cstdint>
#include <memory>

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>

#include "lightly/core/module.hpp"
#include "lightly/loss/memory_bank.hpp"

namespace lightly::core {
class BlockPool;
}

namespace lightly::loss {

/// How NTXentLoss goes about its similarities; the values are the same but for rounding.
enum class Similarities {
  /// kTiles for float32 on the CPU, and elsewhere where the matrix would take more than 64 MiB.
  kAuto,
  /// The whole matrix, by LibTorch's operators: can be differentiated twice.
  kMatrix,
  /// Parts of the matrix, one after the other, in the forward pass and again in the backward pass:
  /// O(B D) memory, on the CPU for each thread. There float32 by kernels of our own, else by
  /// LibTorch's operators.
  kTiles,
};

/// Options of ntx_ent_loss().
struct NTXentOptions {
  /// Divides the cosine similarities; finite, |temperature| >= 1e-8. A negative one repels the two
  /// views instead, as in Python.
  double temperature = 0.5;
  Similarities similarities = Similarities::kAuto;
  /// With kTiles on the CPU, the similarities are kept for the backward pass, which makes a step
  /// some 15 % faster, when they take no more than so many bytes, >= 0; they take 8 to 10 B^2.
  std::int64_t kept_bytes = std::int64_t{160} << 20;

  /// Throws c10::ValueError for a value out of range.
  void check() const;
};

/// The normalised temperature-scaled cross entropy of two batches of views, a scalar.
///
/// For the rows z of [out0; out1], normalised, and each row's partner p, the mean over i of
/// -s(i,p) + log sum over j != i of exp(s(i,j)), s = z z^T / temperature; 0 for one pair. The
/// similarities are taken in float32 also for half-precision input and under autocast (float64
/// stays); the result has that dtype.
///
/// `out0`, `out1`: floating point [B, D], B, D >= 1, same shape, dtype and device. Throws
/// c10::ValueError for other input, and c10::Error when it is differentiated twice with kTiles. As
/// lightly 1.1 without a memory bank.
/// [0] SimCLR, 2020, arXiv:2002.05709
at::Tensor ntx_ent_loss(const at::Tensor& out0, const at::Tensor& out1,
                        const NTXentOptions& options = {});

/// The same with the rows of `bank` [K, D], which are taken as they are, as the negatives: the mean
/// over i of -s(out0_i, out1_i) + log(exp(s(out0_i, out1_i)) + sum over k of exp(s(out0_i,
/// bank_k))). No gradient goes to the bank, which must not be written before the backward pass.
/// Throws c10::ValueError also for a bank of another width, with both widths. As lightly 1.1 with a
/// memory bank. [0] MoCo, 2019, arXiv:1911.05722
at::Tensor ntx_ent_loss(const at::Tensor& out0, const at::Tensor& out1, const at::Tensor& bank,
                        const NTXentOptions& options);

/// When NTXentLoss puts the keys of a call into its memory bank.
enum class BankUpdate {
  /// When the backward pass of the call's loss runs. Both calls of a symmetric loss,
  /// `0.5 * (criterion(q0, k1) + criterion(q1, k0))`, then see the same negatives, and no image's
  /// own key of this step is among them.
  kInBackward,
  /// At the end of the call, as in Python: the second call of a symmetric loss has the keys of the
  /// first among its negatives, each image's own one included.
  kInForward,
};

/// Options of NTXentLoss: those of ntx_ent_loss(), and the memory bank.
struct NTXentLossOptions {
  double temperature = 0.5;
  /// Rows, or rows and width; 0 is no bank: the negatives are the other rows of the batch.
  MemoryBankSize memory_bank_size = 0;
  BankUpdate bank_update = BankUpdate::kInBackward;
  /// See MemoryBankModuleOptions.
  bool drop_tail = false;
  Similarities similarities = Similarities::kAuto;
  std::int64_t kept_bytes = NTXentOptions{}.kept_bytes;

  /// Throws c10::ValueError for a value out of range.
  void check() const;
};

/// ntx_ent_loss() as a module; with a memory bank that holds out1's rows of length 1 of earlier
/// steps.
///
/// The memory of kept similarities stays with the module for its next step. The bank is only
/// written when out0 takes part in a gradient, so not under no_grad, and only after it was read.
/// Child `memory_bank`, as in lightly 1.6.0.
struct NTXentLossImpl : torch::nn::Cloneable<NTXentLossImpl> {
  explicit NTXentLossImpl(NTXentLossOptions options_ = {});
  void reset() override;
  at::Tensor forward(const at::Tensor& out0, const at::Tensor& out1);

  NTXentLossOptions options;
  MemoryBankModule memory_bank = nullptr;

 private:
  /// Of the similarities that are kept, from one step to the next.
  std::shared_ptr<core::BlockPool> memory_;
};
LIGHTLY_MODULE(NTXentLoss);

}  // namespace lightly::loss
