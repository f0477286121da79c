#include "evaluation/checks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include "core/tensor_rows.hpp"

namespace lightly::evaluation {
namespace {

// In double a sum of squares of float32 numbers is finite. Several sums at once, as the compiler
// may not change the order of one.
double squared_length(const float* row, std::int64_t depth) {
  constexpr std::int64_t kSums = 16;
  std::array<double, kSums> sums{};
  std::int64_t k = 0;
  for (; k + kSums <= depth; k += kSums) {
    for (std::int64_t j = 0; j < kSums; ++j) {
      const double value = row[k + j];
      sums[static_cast<std::size_t>(j)] += value * value;
    }
  }
  for (; k < depth; ++k) {
    sums[0] += static_cast<double>(row[k]) * static_cast<double>(row[k]);
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

// A sum that is NaN wins over all others.
double larger(double a, double b) {
  return std::isnan(a) || a > b ? a : b;
}

}  // namespace

double longest_row(const at::Tensor& matrix) {
  const core::kernels::Rows rows = core::rows_of(matrix);
  const double squared = at::parallel_reduce(
      0, rows.count, 1024, 0.0,
      [&](std::int64_t from, std::int64_t to, double longest) {
        for (std::int64_t i = from; i < to; ++i) {
          longest = larger(longest, squared_length(rows.values + i * rows.stride, rows.depth));
        }
        return longest;
      },
      larger);
  return std::sqrt(squared);
}

at::Tensor checked_features(std::string_view callee, std::string_view name,
                            const at::Tensor& features) {
  TORCH_CHECK_VALUE(features.defined(), callee, ": ", name, " must be a matrix, got none");
  const bool fits = features.dim() == 2 && features.size(0) >= 1 && features.size(1) >= 1 &&
                    at::isFloatingType(features.scalar_type()) && features.device().is_cpu();
  TORCH_CHECK_VALUE(fits, callee, ": ", name,
                    " must be a floating-point matrix [rows, D] on the CPU, not empty, got ",
                    features.scalar_type(), " ", features.sizes(), " on ", features.device());
  const at::Tensor matrix = features.detach().to(at::kFloat).contiguous();
  TORCH_CHECK_VALUE(std::isfinite(longest_row(matrix)), callee, ": ", name,
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
