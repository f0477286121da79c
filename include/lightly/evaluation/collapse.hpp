#pragma once

#include <ATen/core/Tensor.h>

namespace lightly::evaluation {

/// The standard deviation of the outputs over the batch, mean over their columns, after each row
/// was divided by its length: about 1 / sqrt(D) when they point everywhere, 0 when all are the
/// same.
///
/// `outputs`: floating point [B, D], B >= 2, D >= 1, of any device; detached and taken in float32.
/// Waits for the device. Throws c10::ValueError for other input. As the `collapse_level` of
/// lightly's SimSiam tutorial is made of. [0] SimSiam, 2020, arXiv:2011.10566, section 4.1
double output_std(const at::Tensor& outputs);

struct CollapseMonitorOptions {
  /// Share of the past in the moving average, in [0, 1).
  double momentum = 0.9;
  /// Outputs have collapsed when the average falls below this times 1 / sqrt(D), in [0, 1].
  double threshold = 0.25;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// Watches the outputs of a training for collapse: the same output for every image.
class CollapseMonitor {
 public:
  explicit CollapseMonitor(CollapseMonitorOptions options = {});

  /// Takes the outputs of a step [B, D], B >= 2, and returns their output_std(), which throws as
  /// said there; one that is not finite leaves the average as it was.
  double observe(const at::Tensor& outputs);

  /// Whether the outputs of the last steps are nearly the same for all images; false before any.
  bool is_collapsed() const { return level_ < options_.threshold; }

  /// The moving average of output_std() * sqrt(D): 1 spread, 0 collapsed.
  double level() const { return level_; }

 private:
  CollapseMonitorOptions options_;
  double level_ = 1.0;
  bool is_first_ = true;
};

}  // namespace lightly::evaluation
