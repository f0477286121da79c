#include "lightly/loss/negative_cosine_similarity.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cosine_similarity.h>
#include <c10/core/DispatchKeySet.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"

namespace lightly::loss {
namespace {

void check_rows(const at::Tensor& x0, const at::Tensor& x1) {
  constexpr const char* kName = "NegativeCosineSimilarity";
  TORCH_CHECK_VALUE(x0.defined() && x1.defined(), kName, ": x0 and x1 must be tensors");
  TORCH_CHECK_VALUE(x0.dim() == 2 && x0.numel() > 0 && x0.sizes() == x1.sizes(), kName,
                    ": x0 and x1 must be [B, D] of one shape with B, D >= 1, got ", x0.sizes(),
                    " and ", x1.sizes());
  TORCH_CHECK_VALUE(x0.is_floating_point() && x1.is_floating_point(), kName,
                    ": x0 and x1 must be floating point, got ", x0.scalar_type(), " and ",
                    x1.scalar_type());
  TORCH_CHECK_VALUE(x0.device() == x1.device(), kName, ": x0 and x1 must be on one device, got ",
                    x0.device(), " and ", x1.device());
}

}  // namespace

void NegativeCosineSimilarityOptions::check() const {
  TORCH_CHECK_VALUE(dim >= -2 && dim <= 1, "NegativeCosineSimilarity: dim must be in [-2, 1], got ",
                    dim);
  core::check_positive("NegativeCosineSimilarity", "eps", eps);
}

at::Tensor negative_cosine_similarity(const at::Tensor& x0, const at::Tensor& x1,
                                      const NegativeCosineSimilarityOptions& options) {
  options.check();
  check_rows(x0, x1);
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const bool is_double = x0.scalar_type() == at::kDouble || x1.scalar_type() == at::kDouble;
  const at::ScalarType dtype = is_double ? at::kDouble : at::kFloat;
  return at::cosine_similarity(x0.to(dtype), x1.to(dtype), options.dim, options.eps).mean().neg();
}

NegativeCosineSimilarityImpl::NegativeCosineSimilarityImpl(NegativeCosineSimilarityOptions options_)
    : options(options_) {
  options.check();
}

at::Tensor NegativeCosineSimilarityImpl::forward(const at::Tensor& x0, const at::Tensor& x1) {
  return negative_cosine_similarity(x0, x1, options);
}

at::Tensor sym_neg_cosine_similarity_loss(const ProjectionAndPrediction& out0,
                                          const ProjectionAndPrediction& out1) {
  const auto half = [](const at::Tensor& p, const at::Tensor& z) {
    return negative_cosine_similarity(p, z.detach()) * 0.5;
  };
  return half(out0.p, out1.z) + half(out1.p, out0.z);
}

at::Tensor SymNegCosineSimilarityLossImpl::forward(const ProjectionAndPrediction& out0,
                                                   const ProjectionAndPrediction& out1) {
  return sym_neg_cosine_similarity_loss(out0, out1);
}

}  // namespace lightly::loss
