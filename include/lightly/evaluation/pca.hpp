#pragma once

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

namespace lightly::evaluation {

struct PCAOptions {
  /// Directions to keep, in [1, D].
  std::int64_t n_components = 2;
  /// Share of the rows to fit on, in [0, 1]: int(N * fraction) of them, drawn by `seed`; without a
  /// value, all in their order.
  std::optional<double> fraction = std::nullopt;
  std::uint64_t seed = 0;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// The directions in which features differ most, to show them in a plane.
///
/// As lightly 1.1: PCA, with its 1e-10 added to what is centred. Differs: a direction's sign, which
/// there is whatever LAPACK gave, makes its largest component positive.
struct PCA {
  /// float32 [D].
  at::Tensor mean = {};
  /// float64 [D, n_components], columns of length 1, the one of the largest variance first.
  at::Tensor components = {};

  /// float32 [N, n_components] of features [N, D]. Throws c10::ValueError for features of another
  /// width, not finite or not on the CPU.
  at::Tensor transform(const at::Tensor& features) const;
};

/// Fits a PCA to features, floating-point [N, D] on the CPU.
///
/// Covariances are summed in float64, 8 D^2 bytes; the features are not copied as a whole. Throws
/// c10::ValueError for options or features out of range, among them fewer than two rows to fit on.
/// As lightly 1.1: fit_pca; differs: the rows of a fraction come from `seed`, not from numpy's
/// global generator, and a fraction of no rows is an error.
PCA fit_pca(const at::Tensor& features, const PCAOptions& options = {});

}  // namespace lightly::evaluation
