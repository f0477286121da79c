#include "common/training_run.hpp"

#include <cstdio>
#include <iostream>

#include <c10/util/Exception.h>

namespace lightly::examples {

void check_same_run(const std::filesystem::path& checkpoint, const training::TrainingState& state,
                    const std::string& setup) {
  const auto of_checkpoint = state.notes.find("setup");
  const std::string found = of_checkpoint == state.notes.end() ? "" : of_checkpoint->second;
  TORCH_CHECK(found == setup, "--resume: ", checkpoint.string(), " is of another run: ", found);
}

training::Progress epoch_progress(const TrainOptions& options, const training::TrainingState& state,
                                  std::int64_t steps) {
  return training::Progress(std::cout, {.label = "epoch " + std::to_string(state.epoch + 1) + "/" +
                                                 std::to_string(options.epochs),
                                        .total = steps,
                                        .done = state.step,
                                        .columns = training::terminal_columns(1)});
}

std::string loss_note(double loss) {
  char note[32];
  std::snprintf(note, sizeof(note), "loss %.3f", loss);
  return note;
}

int interrupted(const std::filesystem::path& checkpoint,
                const training::InterruptGuard& interrupt) {
  std::cout << "interrupted; saved " << checkpoint.string()
            << ", go on with the same command and --resume\n";
  return 128 + interrupt.signal();
}

}  // namespace lightly::examples
