#include "lightly/evaluation/embed.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>
#include <torch/nn/module.h>

#include "lightly/core/autocast.hpp"
#include "lightly/core/check.hpp"

namespace lightly::evaluation {
namespace {

// Puts a module into eval mode, and each of its submodules back into the mode it had.
class EvalGuard {
 public:
  explicit EvalGuard(torch::nn::Module& module) {
    for (const auto& part : module.modules()) {
      modes_.emplace_back(part, part->is_training());
    }
    module.eval();
  }
  ~EvalGuard() {
    // Parents come before their children, so that a child's own mode is set last.
    for (const auto& [part, training] : modes_) {
      part->train(training);
    }
  }
  EvalGuard(const EvalGuard&) = delete;
  EvalGuard& operator=(const EvalGuard&) = delete;

 private:
  std::vector<std::pair<std::shared_ptr<torch::nn::Module>, bool>> modes_;
};

at::Device device_of(const torch::nn::Module& module) {
  const std::vector<at::Tensor> parameters = module.parameters();
  return parameters.empty() ? at::Device(at::kCPU) : parameters.front().device();
}

at::Tensor per_channel(const std::array<double, 3>& values, at::Device device) {
  return at::tensor(at::ArrayRef<double>(values), at::TensorOptions().dtype(at::kFloat))
      .view({1, 3, 1, 1})
      .to(device);
}

// The images [begin, end) as one uint8 batch; labels and names go where they belong.
at::Tensor load_batch(const data::Dataset& dataset, std::int64_t begin, std::int64_t end,
                      Embeddings& result) {
  at::Tensor batch;
  auto* labels = result.labels.mutable_data_ptr<std::int64_t>();
  for (std::int64_t i = begin; i < end; ++i) {
    data::Sample sample = dataset.get(i);
    const at::Tensor image = sample.pixels();
    core::check_image("embed: " + sample.file_name, image);
    if (!batch.defined()) {
      batch = at::empty(
          {end - begin, 3, image.size(1), image.size(2)},
          at::TensorOptions().dtype(at::kByte).memory_format(at::MemoryFormat::ChannelsLast));
    }
    TORCH_CHECK_VALUE(image.sizes() == batch.sizes().slice(1),
                      "embed: images of a batch must have one size, got ", image.sizes(), " of ",
                      sample.file_name, " after ", batch.sizes().slice(1), " of ",
                      result.file_names[static_cast<std::size_t>(begin)]);
    batch.select(0, i - begin).copy_(image);
    labels[i] = sample.target;
    result.file_names.push_back(std::move(sample.file_name));
  }
  return batch;
}

}  // namespace

void EmbedOptions::check() const {
  core::check_at_least("embed", "batch_size", batch_size, 1);
  if (normalize) {
    normalize->check();
  }
}

Embeddings embed(const models::Backbone& backbone, const data::Dataset& dataset,
                 const EmbedOptions& options) {
  options.check();
  TORCH_CHECK_VALUE(!backbone.is_empty(), "embed: backbone must hold a module, got none");
  const std::int64_t total = dataset.size();
  TORCH_CHECK_VALUE(total >= 1, "embed: dataset must have at least one image, got ", total);
  torch::nn::Module& module = *backbone.module();
  const at::Device device = options.device.value_or(device_of(module));
  const auto normalization = options.normalize.value_or(transforms::Normalization());
  const at::Tensor mean = per_channel(normalization.mean, device);
  const at::Tensor std = per_channel(normalization.std, device);
  Embeddings result;
  result.labels = at::empty({total}, at::TensorOptions().dtype(at::kLong));
  result.file_names.reserve(static_cast<std::size_t>(total));

  const EvalGuard eval(module);
  const at::NoGradGuard no_grad;
  const core::AutocastGuard autocast(device.type(), options.autocast_dtype);
  for (std::int64_t begin = 0; begin < total; begin += options.batch_size) {
    const std::int64_t end = std::min(begin + options.batch_size, total);
    // Bytes travel to the device, a quarter of what floats would take.
    at::Tensor images = load_batch(dataset, begin, end, result).to(device).to(at::kFloat);
    images.div_(255.0).sub_(mean).div_(std);
    const at::Tensor output = backbone(images);
    TORCH_CHECK_VALUE(output.dim() >= 2 && output.size(0) == end - begin,
                      "embed: the backbone must give features [", end - begin, ", F, ...], got ",
                      output.sizes());
    const at::Tensor features = output.flatten(/*start_dim=*/1);
    if (!result.features.defined()) {
      result.features = at::empty({total, features.size(1)}, at::TensorOptions().dtype(at::kFloat));
    }
    TORCH_CHECK_VALUE(features.size(1) == result.features.size(1),
                      "embed: the backbone must give features of one length, got ",
                      features.size(1), " after ", result.features.size(1));
    result.features.narrow(0, begin, end - begin).copy_(features);
    if (options.progress) {
      options.progress(end, total);
    }
  }
  return result;
}

}  // namespace lightly::evaluation
