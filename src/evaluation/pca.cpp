#include "lightly/evaluation/pca.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

#include "evaluation/checks.hpp"
#include "lightly/core/check.hpp"
#include "lightly/core/random.hpp"

namespace lightly::evaluation {
namespace {

// What lightly adds to centred features.
constexpr double kEpsilon = 1e-10;
constexpr std::int64_t kRowsOfABlock = 4096;

template <typename Function>
void for_blocks(const at::Tensor& matrix, const Function& function) {
  for (std::int64_t begin = 0; begin < matrix.size(0); begin += kRowsOfABlock) {
    function(matrix.narrow(0, begin, std::min(kRowsOfABlock, matrix.size(0) - begin)));
  }
}

at::Tensor mean_of(const at::Tensor& matrix) {
  at::Tensor sum = at::zeros({matrix.size(1)}, at::kDouble);
  for_blocks(matrix, [&](const at::Tensor& block) { sum += block.sum(0, false, at::kDouble); });
  return (sum / static_cast<double>(matrix.size(0))).to(at::kFloat);
}

at::Tensor centred(const at::Tensor& matrix, const at::Tensor& mean) {
  return (matrix - mean).add_(kEpsilon).to(at::kDouble);
}

// numpy.cov, of which the mean of what is centred already is taken off again.
at::Tensor covariance(const at::Tensor& matrix, const at::Tensor& mean) {
  const auto rows = static_cast<double>(matrix.size(0));
  at::Tensor sum = at::zeros({matrix.size(1)}, at::kDouble);
  at::Tensor products = at::zeros({matrix.size(1), matrix.size(1)}, at::kDouble);
  for_blocks(matrix, [&](const at::Tensor& block) {
    const at::Tensor part = centred(block, mean);
    sum += part.sum(0);
    products.addmm_(part.t(), part);
  });
  return (products - at::outer(sum, sum) / rows) / (rows - 1.0);
}

// The columns with their largest component positive.
at::Tensor with_signs(const at::Tensor& columns) {
  const at::Tensor largest = columns.gather(0, columns.abs().argmax(0, /*keepdim=*/true));
  return at::where(largest < 0.0, -columns, columns);
}

}  // namespace

void PCAOptions::check() const {
  core::check_at_least("fit_pca", "n_components", n_components, 1);
  if (fraction) {
    TORCH_CHECK_VALUE(*fraction >= 0.0 && *fraction <= 1.0,
                      "fit_pca: fraction must be in [0, 1] but was ", *fraction, ".");
  }
}

at::Tensor PCA::transform(const at::Tensor& features) const {
  const at::NoGradGuard no_grad;
  const at::Tensor matrix = checked_features("PCA", "features", features);
  TORCH_CHECK_VALUE(mean.defined() && components.defined(), "PCA: fit_pca must make it, got none");
  TORCH_CHECK_VALUE(matrix.size(1) == mean.size(0), "PCA: features must be [N, ", mean.size(0),
                    "], got ", matrix.sizes());
  std::vector<at::Tensor> parts;
  for_blocks(matrix, [&](const at::Tensor& block) {
    parts.push_back(centred(block, mean).mm(components).to(at::kFloat));
  });
  return at::cat(parts);
}

PCA fit_pca(const at::Tensor& features, const PCAOptions& options) {
  options.check();
  const at::NoGradGuard no_grad;
  at::Tensor matrix = checked_features("fit_pca", "features", features);
  TORCH_CHECK_VALUE(options.n_components <= matrix.size(1),
                    "fit_pca: n_components must be at most the features' width, ", matrix.size(1),
                    ", got ", options.n_components);
  if (options.fraction) {
    const auto rows =
        static_cast<std::int64_t>(static_cast<double>(matrix.size(0)) * *options.fraction);
    std::vector<std::int64_t> order = core::Random(options.seed).permutation(matrix.size(0));
    order.resize(static_cast<std::size_t>(rows));
    matrix = matrix.index_select(0, at::tensor(order, at::kLong));
  }
  TORCH_CHECK_VALUE(matrix.size(0) >= 2, "fit_pca: at least two rows are needed to fit on, got ",
                    matrix.size(0));
  PCA pca{.mean = mean_of(matrix)};
  // Ascending.
  const at::Tensor vectors = std::get<1>(at::linalg_eigh(covariance(matrix, pca.mean)));
  pca.components = with_signs(vectors.flip({1}).narrow(1, 0, options.n_components)).contiguous();
  return pca;
}

}  // namespace lightly::evaluation
