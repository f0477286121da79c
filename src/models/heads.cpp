#include "lightly/models/heads.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include <c10/util/Exception.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>

#include "lightly/core/check.hpp"

namespace lightly::models {
namespace {

using Blocks = std::vector<ProjectionHeadBlock>;

// What every options struct of a head with a hidden layer has.
template <typename Options>
void check_dims(const Options& options) {
  core::check_at_least(Options::kName, "input_dim", options.input_dim, 1);
  core::check_at_least(Options::kName, "hidden_dim", options.hidden_dim, 1);
  core::check_at_least(Options::kName, "output_dim", options.output_dim, 1);
}

Blocks blocks_of(const ProjectionHeadOptions& options) {
  return options.blocks;
}

// SimCLR's and MoCo's.
template <typename Options>
Blocks blocks_of(const Options& options) {
  const HeadNorm norm = options.batch_norm ? HeadNorm::kBatchNorm : HeadNorm::kNone;
  Blocks blocks = {{options.input_dim, options.hidden_dim, norm, HeadActivation::kReLU}};
  for (std::int64_t layer = 2; layer < options.num_layers; ++layer) {
    blocks.push_back({options.hidden_dim, options.hidden_dim, norm, HeadActivation::kReLU});
  }
  blocks.push_back({options.hidden_dim, options.output_dim, norm});
  return blocks;
}

Blocks blocks_of(const SimSiamProjectionHeadOptions& options) {
  return {
      {options.input_dim, options.hidden_dim, HeadNorm::kBatchNorm, HeadActivation::kReLU},
      {options.hidden_dim, options.hidden_dim, HeadNorm::kBatchNorm, HeadActivation::kReLU},
      {options.hidden_dim, options.output_dim, HeadNorm::kBatchNormNotAffine},
  };
}

Blocks blocks_of(const SimSiamPredictionHeadOptions& options) {
  return {
      {options.input_dim, options.hidden_dim, HeadNorm::kBatchNorm, HeadActivation::kReLU},
      {options.hidden_dim, options.output_dim},
  };
}

torch::nn::Sequential layers_of(const Blocks& blocks) {
  torch::nn::Sequential layers;
  for (const ProjectionHeadBlock& block : blocks) {
    const bool normalised = block.norm != HeadNorm::kNone;
    layers->push_back(torch::nn::Linear(torch::nn::LinearOptions(block.input_dim, block.output_dim)
                                            .bias(block.use_bias.value_or(!normalised))));
    if (normalised) {
      layers->push_back(torch::nn::BatchNorm1d(torch::nn::BatchNorm1dOptions(block.output_dim)
                                                   .affine(block.norm == HeadNorm::kBatchNorm)));
    }
    if (block.activation == HeadActivation::kReLU) {
      layers->push_back(torch::nn::ReLU());
    } else if (block.activation == HeadActivation::kGELU) {
      layers->push_back(torch::nn::GELU());
    }
  }
  return layers;
}

}  // namespace

void ProjectionHeadOptions::check() const {
  TORCH_CHECK_VALUE(!blocks.empty(), kName, ": blocks must not be empty");
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::string callee = std::string(kName) + ": block " + std::to_string(i);
    core::check_at_least(callee, "input_dim", blocks[i].input_dim, 1);
    core::check_at_least(callee, "output_dim", blocks[i].output_dim, 1);
    TORCH_CHECK_VALUE(i == 0 || blocks[i].input_dim == blocks[i - 1].output_dim, callee,
                      ": input_dim must be the output_dim of the block before, ",
                      blocks[i - 1].output_dim, ", got ", blocks[i].input_dim);
  }
}

void SimCLRProjectionHeadOptions::check() const {
  check_dims(*this);
  core::check_at_least(kName, "num_layers", num_layers, 2);
}

void MoCoProjectionHeadOptions::check() const {
  check_dims(*this);
  core::check_at_least(kName, "num_layers", num_layers, 2);
}

void SimSiamProjectionHeadOptions::check() const {
  check_dims(*this);
}

void SimSiamPredictionHeadOptions::check() const {
  check_dims(*this);
}

template <typename Options>
ProjectionHeadModule<Options>::ProjectionHeadModule(Options options_)
    : options(std::move(options_)) {
  options.check();
  ProjectionHeadModule::reset();
}

template <typename Options>
void ProjectionHeadModule<Options>::reset() {
  layers = this->register_module("layers", layers_of(blocks_of(options)));
}

template <typename Options>
at::Tensor ProjectionHeadModule<Options>::forward(const at::Tensor& features) {
  const Blocks blocks = blocks_of(options);
  TORCH_CHECK_VALUE(
      features.dim() == 2 && features.size(0) >= 1 && features.size(1) == blocks.front().input_dim,
      Options::kName, ": features must be [B, ", blocks.front().input_dim, "] with B >= 1, got ",
      features.sizes());
  const bool normalises = std::ranges::any_of(
      blocks, [](const ProjectionHeadBlock& block) { return block.norm != HeadNorm::kNone; });
  TORCH_CHECK_VALUE(!(normalises && layers->is_training()) || features.size(0) > 1, Options::kName,
                    ": batch normalisation in training mode needs two or more rows, got 1");
  return layers->forward(features);
}

template struct ProjectionHeadModule<ProjectionHeadOptions>;
template struct ProjectionHeadModule<SimCLRProjectionHeadOptions>;
template struct ProjectionHeadModule<MoCoProjectionHeadOptions>;
template struct ProjectionHeadModule<SimSiamProjectionHeadOptions>;
template struct ProjectionHeadModule<SimSiamPredictionHeadOptions>;

}  // namespace lightly::models
