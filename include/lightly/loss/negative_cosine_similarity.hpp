#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>

#include "lightly/core/module.hpp"

namespace lightly::loss {

/// Options of NegativeCosineSimilarity.
struct NegativeCosineSimilarityOptions {
  /// The dimension along which similarities are taken.
  std::int64_t dim = 1;
  /// The smallest length by which is divided, > 0.
  double eps = 1e-8;

  /// Throws c10::ValueError for a value out of range.
  void check() const;
};

/// Minus the mean cosine similarity of the rows of `x0` and `x1`, a scalar in [-1, 1].
///
/// `x0`, `x1`: floating point [B, D], B, D >= 1, same shape and device. Half-precision input and
/// autocast are computed in float32. The gradient flows into both. Throws c10::ValueError for other
/// input. As lightly 1.6.0. [0] SimSiam, 2020, arXiv:2011.10566
at::Tensor negative_cosine_similarity(const at::Tensor& x0, const at::Tensor& x1,
                                      const NegativeCosineSimilarityOptions& options = {});

/// negative_cosine_similarity() as a module without parameters.
struct NegativeCosineSimilarityImpl : torch::nn::Cloneable<NegativeCosineSimilarityImpl> {
  explicit NegativeCosineSimilarityImpl(NegativeCosineSimilarityOptions options_ = {});
  void reset() override {}
  at::Tensor forward(const at::Tensor& x0, const at::Tensor& x1);

  NegativeCosineSimilarityOptions options;
};
LIGHTLY_MODULE(NegativeCosineSimilarity);

/// A struct with a projection `z` and a prediction `p`, as models::SimSiam gives.
template <typename Out>
concept HasProjectionAndPrediction = requires(const Out& out) {
  { out.z } -> std::convertible_to<at::Tensor>;
  { out.p } -> std::convertible_to<at::Tensor>;
};

/// A projection z and the prediction p made from it, both [B, D]; takes the output of any model
/// that has these two.
struct ProjectionAndPrediction {
  ProjectionAndPrediction(at::Tensor z_, at::Tensor p_) : z(std::move(z_)), p(std::move(p_)) {}
  template <HasProjectionAndPrediction Out>
  explicit(false) ProjectionAndPrediction(const Out& out) : z(out.z), p(out.p) {}

  at::Tensor z;
  at::Tensor p;
};

/// The loss of SimSiam: half of the negative cosine similarity of p0 and z1 and half of that of p1
/// and z0, a scalar in [-1, 1]. No gradient flows into the projections.
///
/// Throws c10::ValueError as negative_cosine_similarity() does. As lightly 1.1:
/// SymNegCosineSimilarityLoss. [0] SimSiam, 2020, arXiv:2011.10566
at::Tensor sym_neg_cosine_similarity_loss(const ProjectionAndPrediction& out0,
                                          const ProjectionAndPrediction& out1);

/// sym_neg_cosine_similarity_loss() as a module without parameters or options.
struct SymNegCosineSimilarityLossImpl : torch::nn::Cloneable<SymNegCosineSimilarityLossImpl> {
  void reset() override {}
  at::Tensor forward(const ProjectionAndPrediction& out0, const ProjectionAndPrediction& out1);
};
TORCH_MODULE(SymNegCosineSimilarityLoss);

}  // namespace lightly::loss
