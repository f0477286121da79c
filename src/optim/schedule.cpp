#include "lightly/optim/schedule.hpp"

#include <cmath>
#include <numbers>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"

namespace lightly::optim {

void CosineScheduleOptions::check() const {
  core::check_at_least("cosine_schedule", "max_steps", max_steps, 0);
  if (period) {
    core::check_at_least("cosine_schedule", "period", *period, 1);
  }
}

double cosine_schedule(std::int64_t step, const CosineScheduleOptions& options) {
  options.check();
  core::check_at_least("cosine_schedule", "step", step, 0);
  double angle = 0.0;
  if (options.period) {
    angle =
        2.0 * std::numbers::pi * static_cast<double>(step) / static_cast<double>(*options.period);
  } else if (step >= options.max_steps - 1) {
    return options.end_value;
  } else {
    angle =
        std::numbers::pi * static_cast<double>(step) / static_cast<double>(options.max_steps - 1);
  }
  return options.end_value -
         (options.end_value - options.start_value) * (std::cos(angle) + 1.0) / 2.0;
}

void CosineWarmupScheduleOptions::check() const {
  core::check_at_least("CosineWarmupSchedule", "max_epochs", max_epochs, 0);
  TORCH_CHECK_VALUE(warmup_epochs >= 0 && warmup_epochs <= max_epochs,
                    "CosineWarmupSchedule: warmup_epochs must be in [0, max_epochs = ", max_epochs,
                    "], got ", warmup_epochs);
  if (period) {
    core::check_at_least("CosineWarmupSchedule", "period", *period, 1);
  }
}

CosineWarmupSchedule::CosineWarmupSchedule(CosineWarmupScheduleOptions options)
    : options_(options) {
  options_.check();
}

double CosineWarmupSchedule::operator()(std::int64_t step) const {
  core::check_at_least("CosineWarmupSchedule", "step", step, 0);
  const std::int64_t warmup = options_.warmup_epochs;
  if (step < warmup) {
    const double from = options_.warmup_start_value;
    const double to = options_.warmup_end_value.value_or(options_.start_value);
    // step + 1: the first step already moves, and the last one of the warm-up is at its end.
    return from + (to - from) * static_cast<double>(step + 1) / static_cast<double>(warmup);
  }
  return cosine_schedule(step - warmup, {.max_steps = options_.max_epochs - warmup,
                                         .start_value = options_.start_value,
                                         .end_value = options_.end_value,
                                         .period = options_.period});
}

}  // namespace lightly::optim
