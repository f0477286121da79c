#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include <torch/nn/module.h>

#include "lightly/optim/optimizer.hpp"

namespace lightly::training {

/// Where a training stands, beside its tensors.
struct TrainingState {
  /// The epoch to go on with, from 0.
  std::int64_t epoch = 0;
  /// The steps of that epoch that are done.
  std::int64_t step = 0;
  /// The seed of every random choice.
  std::uint64_t seed = 0;
  /// The program's own, UTF-8: its options, for example, to be compared on resume.
  std::map<std::string, std::string> notes = {};
};

/// Writes model, optimizer and state into one safetensors file at once (core::AtomicFile): a
/// process that is killed leaves the old checkpoint or the new one.
///
/// Tensors are named `model.<state_dict name>` and `optimizer.<Optimizer::state name>`; epoch,
/// step, seed and `notes.<name>` are the file's metadata. Throws c10::Error that names the file
/// when it cannot be written, and that names the tensor when a parameter or buffer of the model is
/// not finite, so that the last good checkpoint stays; c10::ValueError for a negative epoch or
/// step.
void save_checkpoint(const std::filesystem::path& path, const torch::nn::Module& model,
                     const optim::Optimizer& optimizer, const TrainingState& state);

/// Reads what `save_checkpoint` wrote into `model` and `optimizer`, whose tensors keep their
/// identity, device and memory layout, and returns the state: training goes on bit for bit.
///
/// Strict: a damaged file, and missing, unexpected or mis-shaped tensors, all listed, give a
/// c10::Error that names the file, and then nothing is changed.
TrainingState load_checkpoint(const std::filesystem::path& path, torch::nn::Module& model,
                              optim::Optimizer& optimizer);

}  // namespace lightly::training
