#include "lightly/training/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/Dispatch.h>
#include <c10/util/Exception.h>
#include <c10/util/StringUtil.h>

#include "lightly/core/check.hpp"
#include "lightly/core/safetensors.hpp"
#include "lightly/models/state_dict.hpp"

namespace lightly::training {
namespace {

constexpr const char* kFormatKey = "format";
constexpr const char* kFormat = "lightly checkpoint 1";
constexpr std::string_view kModel = "model.";
constexpr std::string_view kOptimizer = "optimizer.";
constexpr std::string_view kNotes = "notes.";

using Metadata = std::map<std::string, std::string>;

template <typename Integer>
Integer read_number(const std::string& file, const Metadata& metadata, const char* name) {
  const auto found = metadata.find(name);
  TORCH_CHECK(found != metadata.end(), "load_checkpoint: ", file, ": no ", name,
              " in the metadata");
  const std::string& text = found->second;
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  TORCH_CHECK(error == std::errc() && end == text.data() + text.size() && !text.starts_with('-'),
              "load_checkpoint: ", file, ": ", name, " must be a whole number >= 0, got ", text);
  return value;
}

TrainingState read_state(const std::string& file, const Metadata& metadata) {
  const auto format = metadata.find(kFormatKey);
  TORCH_CHECK(format != metadata.end() && format->second == kFormat, "load_checkpoint: ", file,
              ": not a checkpoint, the metadata must say '", kFormat, "', got '",
              format == metadata.end() ? "" : format->second, "'");
  TrainingState state{.epoch = read_number<std::int64_t>(file, metadata, "epoch"),
                      .step = read_number<std::int64_t>(file, metadata, "step"),
                      .seed = read_number<std::uint64_t>(file, metadata, "seed")};
  for (const auto& [key, text] : metadata) {
    if (key.starts_with(kNotes)) {
      state.notes[key.substr(kNotes.size())] = text;
    }
  }
  return state;
}

// A plain loop: a forked process, which may save too, has none of the threads of an operator.
bool is_finite(const at::Tensor& host) {
  if (!host.is_floating_point()) {
    return true;
  }
  return AT_DISPATCH_FLOATING_TYPES_AND2(
      at::kHalf, at::kBFloat16, host.scalar_type(), "is_finite", [&] {
        const auto* values = host.const_data_ptr<scalar_t>();
        return std::all_of(values, values + host.numel(), [](scalar_t value) {
          return std::isfinite(static_cast<double>(value));
        });
      });
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const torch::nn::Module& model,
                     const optim::Optimizer& optimizer, const TrainingState& state) {
  core::check_at_least("save_checkpoint", "epoch", state.epoch, 0);
  core::check_at_least("save_checkpoint", "step", state.step, 0);
  core::Safetensors content;
  for (const auto& item : models::state_dict(model)) {
    // Stored as it will be written, so that it comes from the device once.
    const at::Tensor host = item.value().cpu().contiguous();
    TORCH_CHECK(is_finite(host), "save_checkpoint: ", path.string(), ": ", item.key(),
                " must be finite; the file is left as it was");
    content.tensors[std::string(kModel) + item.key()] = host;
  }
  for (const auto& [name, tensor] : optimizer.state()) {
    content.tensors[std::string(kOptimizer) + name] = tensor;
  }
  content.metadata = {{kFormatKey, kFormat},
                      {"epoch", std::to_string(state.epoch)},
                      {"step", std::to_string(state.step)},
                      {"seed", std::to_string(state.seed)}};
  for (const auto& [name, text] : state.notes) {
    content.metadata[std::string(kNotes) + name] = text;
  }
  core::save_safetensors(path, content);
}

TrainingState load_checkpoint(const std::filesystem::path& path, torch::nn::Module& model,
                              optim::Optimizer& optimizer) {
  const std::string file = path.string();
  const core::Safetensors content = core::load_safetensors(path);
  TrainingState state = read_state(file, content.metadata);

  std::map<std::string, at::Tensor> of_model;
  std::map<std::string, at::Tensor> of_optimizer;
  std::vector<std::string> problems;
  for (const auto& [name, tensor] : content.tensors) {
    if (name.starts_with(kModel)) {
      of_model[name.substr(kModel.size())] = tensor;
    } else if (name.starts_with(kOptimizer)) {
      of_optimizer[name.substr(kOptimizer.size())] = tensor;
    } else {
      problems.push_back("unexpected " + name);
    }
  }
  for (const std::string& problem : models::state_dict_problems(models::state_dict(model), of_model,
                                                                models::StateDictMatch::kExact)) {
    problems.push_back("model: " + problem);
  }
  for (const std::string& problem : optimizer.state_problems(of_optimizer)) {
    problems.push_back("optimizer: " + problem);
  }
  TORCH_CHECK(problems.empty(), "load_checkpoint: ", file,
              ": does not fit: ", c10::Join("; ", problems));
  models::load_state_dict(model, of_model);
  optimizer.load_state(of_optimizer);
  return state;
}

}  // namespace lightly::training
