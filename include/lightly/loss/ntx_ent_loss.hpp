#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>

#include "lightly/core/module.hpp"

namespace lightly::loss {

/// Options of NTXentLoss.
struct NTXentLossOptions {
  /// Divides the cosine similarities; finite, |temperature| >= 1e-8. A negative one repels the two
  /// views instead, as in Python.
  double temperature = 0.5;

  /// Throws c10::ValueError for a temperature out of range.
  void check() const;
};

/// The normalised temperature-scaled cross entropy of two batches of views, a scalar.
///
/// For the rows z of [out0; out1], normalised, and each row's partner p, the mean over i of
/// -s(i,p) + log sum over j != i of exp(s(i,j)), s = z z^T / temperature; 0 for one pair. The
/// similarities are taken in float32 also for half-precision input and under autocast (float64
/// stays); the result has that dtype. Memory: a few matrices [2B, 2B].
///
/// `out0`, `out1`: floating point [B, D], B, D >= 1, same shape, dtype and device. Throws
/// c10::ValueError for other input. As lightly 1.1 without a memory bank.
/// [0] SimCLR, 2020, arXiv:2002.05709
at::Tensor ntx_ent_loss(const at::Tensor& out0, const at::Tensor& out1, double temperature = 0.5);

/// ntx_ent_loss as a module without parameters.
struct NTXentLossImpl : torch::nn::Cloneable<NTXentLossImpl> {
  explicit NTXentLossImpl(NTXentLossOptions options_ = {});
  void reset() override {}
  at::Tensor forward(const at::Tensor& out0, const at::Tensor& out1);

  NTXentLossOptions options;
};
LIGHTLY_MODULE(NTXentLoss);

}  // namespace lightly::loss
