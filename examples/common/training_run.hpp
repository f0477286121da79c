#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <torch/nn/module.h>

#include "common/program.hpp"
#include "lightly/optim/optimizer.hpp"
#include "lightly/training/checkpoint.hpp"
#include "lightly/training/interrupt.hpp"
#include "lightly/training/metrics_log.hpp"
#include "lightly/training/progress.hpp"

/// What the loops of the training examples have in common.
namespace lightly::examples {

/// What a run trains, and in how many steps an epoch; they must outlive the run.
struct Trained {
  torch::nn::Module& module;
  optim::Optimizer& optimizer;
  std::int64_t epoch_steps;
};

/// A run in its output folder: where it stands, checkpoint.safetensors and metrics.jsonl.
class TrainingRun {
 public:
  /// Starts a run, or with options.resume goes on from its checkpoint. Throws c10::Error unless
  /// that is of a run of the same `setup`.
  TrainingRun(const TrainOptions& options, const std::string& setup, const Trained& trained);

  bool is_done() const { return state_.epoch >= epochs_; }
  std::int64_t epoch() const { return state_.epoch; }
  /// The step in the epoch that comes next.
  std::int64_t epoch_step() const { return state_.step; }
  /// The same, counted over all epochs.
  std::int64_t step() const { return state_.epoch * trained_.epoch_steps + state_.step; }
  training::MetricsLog& metrics() { return metrics_; }

  /// The progress of the epoch on the standard output.
  training::Progress progress() const;

  void end_step() { ++state_.step; }
  /// Begins the next epoch and saves the checkpoint.
  void end_epoch();
  /// Saves the checkpoint in the middle of an epoch and says how to go on; returns the exit status
  /// of an interrupted program.
  int interrupted(const training::InterruptGuard& interrupt) const;

 private:
  std::filesystem::path checkpoint_;
  std::int64_t epochs_;
  Trained trained_;
  training::TrainingState state_;
  training::MetricsLog metrics_;
};

/// `loss 5.123`, what stands behind the bar.
std::string loss_note(double loss);

}  // namespace lightly::examples
