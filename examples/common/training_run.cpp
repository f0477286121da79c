#include "common/training_run.hpp"

#include <cstdio>
#include <iostream>

#include <c10/util/Exception.h>

namespace lightly::examples {
namespace {

training::TrainingState resume(const std::filesystem::path& checkpoint, const std::string& setup,
                               const Trained& trained) {
  training::TrainingState state =
      training::load_checkpoint(checkpoint, trained.module, trained.optimizer);
  const auto of_checkpoint = state.notes.find("setup");
  const std::string found = of_checkpoint == state.notes.end() ? "" : of_checkpoint->second;
  TORCH_CHECK(found == setup, "--resume: ", checkpoint.string(), " is of another run: ", found);
  return state;
}

}  // namespace

TrainingRun::TrainingRun(const TrainOptions& options, const std::string& setup,
                         const Trained& trained)
    : checkpoint_(options.output / "checkpoint.safetensors"),
      epochs_(options.epochs),
      trained_(trained),
      state_(options.resume
                 ? resume(checkpoint_, setup, trained)
                 : training::TrainingState{.seed = options.seed, .notes = {{"setup", setup}}}),
      metrics_(options.output / "metrics.jsonl") {
  metrics_.truncate_after("step", static_cast<double>(step() - 1));
  std::cout << "training: " << setup << " on " << options.device << '\n';
}

training::Progress TrainingRun::progress() const {
  return training::Progress(std::cout, {.label = "epoch " + std::to_string(state_.epoch + 1) + "/" +
                                                 std::to_string(epochs_),
                                        .total = trained_.epoch_steps,
                                        .done = state_.step,
                                        .columns = training::terminal_columns(1)});
}

void TrainingRun::end_epoch() {
  ++state_.epoch;
  state_.step = 0;
  training::save_checkpoint(checkpoint_, trained_.module, trained_.optimizer, state_);
}

int TrainingRun::interrupted(const training::InterruptGuard& interrupt) const {
  training::save_checkpoint(checkpoint_, trained_.module, trained_.optimizer, state_);
  std::cout << "interrupted; saved " << checkpoint_.string()
            << ", go on with the same command and --resume\n";
  return 128 + interrupt.signal();
}

std::string loss_note(double loss) {
  char note[32];
  std::snprintf(note, sizeof(note), "loss %.3f", loss);
  return note;
}

}  // namespace lightly::examples
