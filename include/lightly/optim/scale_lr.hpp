#pragma once

#include <cstdint>

namespace lightly::optim {

/// How a learning rate grows with the batch.
enum class LrScaling {
  /// base_lr * batch_size / 256: large batches and long trainings.
  kLinear,
  /// base_lr * sqrt(batch_size): small batches (<= 2048) and short trainings (<= 200 epochs). The
  /// base is another one: SimCLR's are 0.3 linear and 0.075 here, which meet at a batch of 4096.
  kSquareRoot,
};

/// The learning rate for `batch_size` >= 1 images over all processes, from that of the paper.
///
/// Throws c10::ValueError unless base_lr >= 0 and finite and batch_size >= 1.
/// [0] SimCLR, 2020, arXiv:2002.05709, appendix B.1; as in lightly 1.6.0's benchmarks.
double scale_lr(double base_lr, std::int64_t batch_size, LrScaling rule = LrScaling::kLinear);

}  // namespace lightly::optim
