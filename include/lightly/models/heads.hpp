#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>
#include <torch/nn/modules/container/sequential.h>

#include "lightly/core/module.hpp"

/// The heads of lightly >= 1.2 under its names. The models SimCLR, MoCo and SimSiam have those of
/// lightly 1.1 inside.
namespace lightly::models {

/// What follows the linear layer of a block.
enum class HeadNorm {
  kNone,
  kBatchNorm,
  /// Without a learned scale and shift: Python's `BatchNorm1d(..., affine=False)`.
  kBatchNormNotAffine,
};

/// What ends a block.
enum class HeadActivation { kNone, kReLU, kGELU };

/// A linear layer, a normalisation and an activation: [B, input_dim] -> [B, output_dim].
struct ProjectionHeadBlock {
  /// Each >= 1.
  std::int64_t input_dim = 1;
  std::int64_t output_dim = 1;
  HeadNorm norm = HeadNorm::kNone;
  HeadActivation activation = HeadActivation::kNone;
  /// Whether the linear layer has a bias; by default when no normalisation follows, which would
  /// take it away again.
  std::optional<bool> use_bias = {};
};

/// Options of ProjectionHead.
struct ProjectionHeadOptions {
  static constexpr const char* kName = "ProjectionHead";

  /// One or more; each takes what the one before it gives.
  std::vector<ProjectionHeadBlock> blocks = {};

  /// Throws c10::ValueError that names the block and the field.
  void check() const;
};

/// Options of SimCLRProjectionHead: blocks of Linear, BatchNorm1d and ReLU, the last without ReLU.
struct SimCLRProjectionHeadOptions {
  static constexpr const char* kName = "SimCLRProjectionHead";

  /// Each >= 1.
  std::int64_t input_dim = 2048;
  std::int64_t hidden_dim = 2048;
  std::int64_t output_dim = 128;
  /// Linear layers, >= 2: 2 in the first paper, 3 in the second.
  std::int64_t num_layers = 2;
  /// Without it the linear layers have a bias.
  bool batch_norm = true;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// Options of MoCoProjectionHead: those of SimCLRProjectionHead, with other defaults.
struct MoCoProjectionHeadOptions {
  static constexpr const char* kName = "MoCoProjectionHead";

  /// Each >= 1. MoCo v2: as here; v3: a hidden width of 4096 and 256 outputs.
  std::int64_t input_dim = 2048;
  std::int64_t hidden_dim = 2048;
  std::int64_t output_dim = 128;
  /// Linear layers, >= 2: 2 in MoCo v2, 3 in v3.
  std::int64_t num_layers = 2;
  /// False in MoCo v2, true in v3.
  bool batch_norm = false;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// Options of SimSiamProjectionHead: three blocks of Linear, BatchNorm1d and ReLU, the last without
/// ReLU and not affine.
struct SimSiamProjectionHeadOptions {
  static constexpr const char* kName = "SimSiamProjectionHead";

  /// Each >= 1.
  std::int64_t input_dim = 2048;
  std::int64_t hidden_dim = 2048;
  std::int64_t output_dim = 2048;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// Options of SimSiamPredictionHead: Linear, BatchNorm1d, ReLU, Linear.
struct SimSiamPredictionHeadOptions {
  static constexpr const char* kName = "SimSiamPredictionHead";

  /// Each >= 1; the hidden width is a bottleneck.
  std::int64_t input_dim = 2048;
  std::int64_t hidden_dim = 512;
  std::int64_t output_dim = 2048;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// The head that its options describe: features [B, input_dim] -> [B, output_dim].
///
/// As lightly 1.6: one child `layers`, a Sequential of Linear, BatchNorm1d and the activation of
/// each block, so the state dict has `layers.0.weight` ...; the same seed gives the same weights.
/// Differs: a block's normalisation and activation are one of those above (a torch::nn::Sequential
/// takes any other). Throws c10::ValueError for features of another shape, for an empty batch, and
/// in training mode for a batch of one that is to be normalised.
template <typename Options>
struct ProjectionHeadModule : torch::nn::Cloneable<ProjectionHeadModule<Options>> {
  explicit ProjectionHeadModule(Options options_ = {});
  void reset() override;
  at::Tensor forward(const at::Tensor& features);

  Options options;
  torch::nn::Sequential layers = nullptr;
};

using ProjectionHeadImpl = ProjectionHeadModule<ProjectionHeadOptions>;
using SimCLRProjectionHeadImpl = ProjectionHeadModule<SimCLRProjectionHeadOptions>;
using MoCoProjectionHeadImpl = ProjectionHeadModule<MoCoProjectionHeadOptions>;
using SimSiamProjectionHeadImpl = ProjectionHeadModule<SimSiamProjectionHeadOptions>;
using SimSiamPredictionHeadImpl = ProjectionHeadModule<SimSiamPredictionHeadOptions>;

extern template struct ProjectionHeadModule<ProjectionHeadOptions>;
extern template struct ProjectionHeadModule<SimCLRProjectionHeadOptions>;
extern template struct ProjectionHeadModule<MoCoProjectionHeadOptions>;
extern template struct ProjectionHeadModule<SimSiamProjectionHeadOptions>;
extern template struct ProjectionHeadModule<SimSiamPredictionHeadOptions>;

/// Any blocks: `ProjectionHead({.blocks = {{256, 256, HeadNorm::kBatchNorm, HeadActivation::kReLU},
/// {256, 128}}})`.
LIGHTLY_MODULE(ProjectionHead);
/// [0] SimCLR, 2020, arXiv:2002.05709; [1] SimCLR v2, 2020, arXiv:2006.10029
LIGHTLY_MODULE(SimCLRProjectionHead);
/// [0] MoCo v2, 2020, arXiv:2003.04297; [1] MoCo v3, 2021, arXiv:2104.02057
LIGHTLY_MODULE(MoCoProjectionHead);
/// [0] SimSiam, 2020, arXiv:2011.10566
LIGHTLY_MODULE(SimSiamProjectionHead);
/// [0] SimSiam, 2020, arXiv:2011.10566
LIGHTLY_MODULE(SimSiamPredictionHead);

}  // namespace lightly::models
