#include "evaluation/checks.hpp"

#include <ATen/ops/isfinite.h>
#include <c10/util/Exception.h>

namespace lightly::evaluation {

at::Tensor checked_features(std::string_view callee, std::string_view name,
                            const at::Tensor& features) {
  TORCH_CHECK_VALUE(features.defined(), callee, ": ", name, " must be a matrix, got none");
  const bool fits = features.dim() == 2 && features.size(0) >= 1 && features.size(1) >= 1 &&
                    at::isFloatingType(features.scalar_type()) && features.device().is_cpu();
  TORCH_CHECK_VALUE(fits, callee, ": ", name,
                    " must be a floating-point matrix [rows, D] on the CPU, not empty, got ",
                    features.scalar_type(), " ", features.sizes(), " on ", features.device());
  const at::Tensor matrix = features.detach().to(at::kFloat).contiguous();
  TORCH_CHECK_VALUE(at::isfinite(matrix).all().item<bool>(), callee, ": ", name,
                    " must be finite, got NaN or infinity");
  return matrix;
}

at::Tensor checked_labels(std::string_view callee, std::string_view name, const at::Tensor& labels,
                          std::int64_t rows, std::int64_t classes) {
  TORCH_CHECK_VALUE(labels.defined(), callee, ": ", name, " must be int64 [", rows, "], got none");
  TORCH_CHECK_VALUE(labels.dim() == 1 && labels.size(0) == rows &&
                        labels.scalar_type() == at::kLong && labels.device().is_cpu(),
                    callee, ": ", name, " must be int64 [", rows, "] on the CPU, got ",
                    labels.scalar_type(), " ", labels.sizes(), " on ", labels.device());
  const auto least = labels.min().item<std::int64_t>();
  const auto largest = labels.max().item<std::int64_t>();
  TORCH_CHECK_VALUE(least >= 0 && largest < classes, callee, ": ", name, " must be in [0, ",
                    classes, "), got ", least < 0 ? least : largest);
  return labels.contiguous();
}

}  // namespace lightly::evaluation
