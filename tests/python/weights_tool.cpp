// The C++ half of weights.py: `write` makes weights and what they give for a batch, `check` loads
// what Python made and compares.

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <c10/util/Exception.h>
#include <torch/utils.h>

#include "lightly/core/safetensors.hpp"
#include "lightly/models/load_weights.hpp"
#include "lightly/models/moco.hpp"
#include "lightly/models/resnet.hpp"
#include "lightly/models/resnet_backbone.hpp"
#include "lightly/models/simclr.hpp"
#include "lightly/models/torchvision_state_dict.hpp"

namespace {

using namespace lightly;
using Tensors = std::map<std::string, at::Tensor>;

// The names that the projection heads of lightly 1.5 give their layers.
const models::PrefixMap kToPython{
    {"projection_head.", "projection_head.layers."},
    {"momentum_projection_head.", "momentum_projection_head.layers."}};
const models::PrefixMap kFromPython{
    {"projection_head.layers.", "projection_head."},
    {"momentum_projection_head.layers.", "momentum_projection_head."}};

// A model under its file's name: how it is made and what it gives for a batch.
struct Model {
  std::string name;
  std::shared_ptr<torch::nn::Module> module;
  std::function<Tensors(const at::Tensor&)> forward;
};

// Without the ReLU after the stem, as lightly's documented backbone is.
models::ResNetBackbone small_backbone() {
  return {models::ResNetGenerator("resnet-9", {.width = 0.25}), {.relu_after_stem = false}};
}

template <typename Holder>
Model model_of(std::string name, Holder model) {
  return {.name = std::move(name),
          .module = model.ptr(),
          .forward = [model](const at::Tensor& x) mutable {
            const auto [out, features] = model->forward_with_features(x);
            return Tensors{{"out", out}, {"features", features}};
          }};
}

std::vector<Model> lightly_models() {
  return {
      model_of("simclr", models::SimCLR(small_backbone(), {.num_ftrs = 128, .out_dim = 32})),
      model_of("moco", models::MoCo(small_backbone(), {.num_ftrs = 128, .out_dim = 32})),
  };
}

models::ResNet resnet18() {
  return models::ResNetGenerator("resnet-18", {.num_classes = 10, .stem = models::Stem::k7x7});
}

// Moves the running statistics and says what the module gives for a batch.
void write_outputs(const std::filesystem::path& path, torch::nn::Module& module,
                   const at::Tensor& x, const std::function<Tensors(const at::Tensor&)>& forward) {
  module.train();
  forward(x * 2 + 1);
  module.eval();
  Tensors outputs = forward(x);
  outputs.emplace("x", x);
  core::save_safetensors(path, {.tensors = outputs});
}

void write(const std::filesystem::path& folder) {
  torch::manual_seed(0);
  for (const Model& model : lightly_models()) {
    write_outputs(folder / (model.name + ".outputs.safetensors"), *model.module,
                  at::randn({4, 3, 32, 32}), model.forward);
    models::save_weights(*model.module, folder / (model.name + ".safetensors"),
                         {.prefix_map = kToPython});
  }
  models::ResNet resnet = resnet18();
  write_outputs(folder / "resnet18.outputs.safetensors", *resnet, at::randn({2, 3, 64, 64}),
                [&](const at::Tensor& x) { return Tensors{{"out", resnet(x)}}; });
  core::save_safetensors(folder / "resnet18.safetensors",
                         {.tensors = models::torchvision_state_dict(resnet)});
}

void check_outputs(const std::filesystem::path& file, const Tensors& expected,
                   torch::nn::Module& module,
                   const std::function<Tensors(const at::Tensor&)>& forward) {
  module.eval();
  for (const auto& [name, tensor] : forward(expected.at("x"))) {
    const at::Tensor& wanted = expected.at(name);
    const auto difference = (tensor - wanted).abs().max().item<double>();
    const auto scale = wanted.abs().max().item<double>();
    std::cout << file.filename().string() << " -> C++: " << name << " " << tensor.sizes()
              << ": largest difference " << difference << " of " << scale << "\n";
    TORCH_CHECK(difference <= 2e-5 * scale, file.string(), ": ", name, " differs");
  }
}

void check(const std::filesystem::path& folder) {
  const auto outputs = [&](const std::string& name) {
    return core::load_safetensors(folder / (name + ".outputs.safetensors")).tensors;
  };
  for (const auto& [suffix, lightly_checkpoint] : std::vector<std::pair<std::string, bool>>{
           {".ckpt", true}, {".pth", false}, {".safetensors", false}}) {
    for (const Model& model : lightly_models()) {
      const std::filesystem::path file = folder / ("python_" + model.name + suffix);
      if (lightly_checkpoint) {
        models::load_weights(*model.module, file, {.lightly_checkpoint = true});
      } else {
        models::load_weights(*model.module, file, {.prefix_map = kFromPython});
      }
      check_outputs(file, outputs("python_" + model.name), *model.module, model.forward);
    }
    for (const std::string name : {"python_torchvision", "python_timm"}) {
      const std::filesystem::path file = folder / (name + suffix);
      models::ResNet resnet = resnet18();
      Tensors weights;
      for (const auto& [key, tensor] : models::read_weights(file)) {
        weights.emplace(lightly_checkpoint ? key.substr(key.find('.') + 1) : key, tensor);
      }
      models::load_torchvision_state_dict(resnet, weights);
      check_outputs(file, outputs(name), *resnet,
                    [&](const at::Tensor& x) { return Tensors{{"out", resnet(x)}}; });
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc == 3 ? argv[1] : "";
  if (what != "write" && what != "check") {
    std::cerr << "usage: lightly_weights_tool write|check <folder>\n";
    return 2;
  }
  try {
    const at::NoGradGuard no_grad;
    what == "write" ? write(argv[2]) : check(argv[2]);
  } catch (const c10::Error& error) {
    std::cerr << "lightly_weights_tool: " << error.what_without_backtrace() << "\n";
    return EXIT_FAILURE;
  } catch (const std::exception& error) {
    std::cerr << "lightly_weights_tool: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
