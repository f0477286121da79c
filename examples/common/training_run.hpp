#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "common/program.hpp"
#include "lightly/training/checkpoint.hpp"
#include "lightly/training/interrupt.hpp"
#include "lightly/training/progress.hpp"

/// What the loops of the training examples have in common.
namespace lightly::examples {

/// Throws c10::Error unless the checkpoint, whose state this is, is of the run that `setup` names.
void check_same_run(const std::filesystem::path& checkpoint, const training::TrainingState& state,
                    const std::string& setup);

/// The progress of the epoch that `state` stands in, of so many steps, on the standard output.
training::Progress epoch_progress(const TrainOptions& options, const training::TrainingState& state,
                                  std::int64_t steps);

/// The steps of all epochs before the one that `state` stands at, with so many an epoch.
inline std::int64_t steps_done(const training::TrainingState& state, std::int64_t epoch_steps) {
  return state.epoch * epoch_steps + state.step;
}

/// `loss 5.123`, what stands behind the bar.
std::string loss_note(double loss);

/// Says how to go on from the checkpoint; returns the exit status of an interrupted program.
int interrupted(const std::filesystem::path& checkpoint, const training::InterruptGuard& interrupt);

}  // namespace lightly::examples
