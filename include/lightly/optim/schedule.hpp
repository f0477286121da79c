#pragma once

#include <cstdint>
#include <optional>

namespace lightly::optim {

struct CosineScheduleOptions {
  /// Number of steps, >= 0; the last one, max_steps - 1, has `end_value`.
  std::int64_t max_steps = 1;
  /// Value at step 0.
  double start_value = 1.0;
  /// Value at the end.
  double end_value = 0.001;
  /// Steps of a whole cosine, >= 1: the value swings from start to end and back for ever; none:
  /// half a cosine over `max_steps`.
  std::optional<std::int64_t> period = std::nullopt;

  /// Throws c10::ValueError for values outside the ranges above.
  void check() const;
};

/// The cosine between `start_value` and `end_value` at `step` >= 0; `end_value` from the last step
/// on when there is no period.
///
/// As lightly 1.6.0: lightly.utils.scheduler.cosine_schedule; differs: a step beyond max_steps is
/// not warned of. Throws c10::ValueError for a negative step and bad options.
double cosine_schedule(std::int64_t step, const CosineScheduleOptions& options);

struct CosineWarmupScheduleOptions {
  /// Epochs (or steps) of linear warm-up, in [0, max_epochs].
  std::int64_t warmup_epochs = 0;
  /// Epochs (or steps) in all.
  std::int64_t max_epochs = 1;
  /// Factor after the warm-up.
  double start_value = 1.0;
  /// Factor at the end.
  double end_value = 0.001;
  /// Epochs (or steps) of a whole cosine, >= 1; none: half a cosine over what follows the warm-up.
  std::optional<std::int64_t> period = std::nullopt;
  /// Where the warm-up begins; this value itself is never given.
  double warmup_start_value = 0.0;
  /// The last value of the warm-up; none: `start_value`.
  std::optional<double> warmup_end_value = std::nullopt;

  /// Throws c10::ValueError for values outside the ranges above.
  void check() const;
};

/// The factor of the learning rate by epoch or step: linear warm-up, then a cosine.
///
/// A value: `optimizer.set_lr(base_lr * schedule(step))`. As lightly 1.6.0: CosineWarmupScheduler;
/// differs: bad options are rejected at once and a step beyond max_epochs is not warned of.
/// [0] SGDR, 2016, arXiv:1608.03983.
class CosineWarmupSchedule {
 public:
  explicit CosineWarmupSchedule(CosineWarmupScheduleOptions options);

  /// The factor at `step` >= 0; throws c10::ValueError for a negative one.
  double operator()(std::int64_t step) const;

  const CosineWarmupScheduleOptions& options() const { return options_; }

 private:
  CosineWarmupScheduleOptions options_;
};

}  // namespace lightly::optim
