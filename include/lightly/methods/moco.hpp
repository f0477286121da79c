#pragma once

#include <cstdint>

#include "lightly/loss/ntx_ent_loss.hpp"
#include "lightly/methods/method.hpp"
#include "lightly/models/backbone.hpp"
#include "lightly/models/moco.hpp"

namespace lightly::methods {

/// Options of MoCo: those of its parts, and how they go together.
struct MoCoOptions {
  /// Without a `generator`: the orders of `batch_shuffle` are drawn from seed and step.
  models::MoCoOptions model = {};
  /// With a memory bank; its width, where one is given, is that of the model's outputs.
  loss::NTXentLossOptions criterion = {.temperature = 0.07, .memory_bank_size = 65536};
  /// Each view is the query once: half of both losses, in twice the time.
  bool symmetric_loss = false;
  /// Of the orders of `batch_shuffle`.
  std::uint64_t seed = 0;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// models::MoCo with NTXentLoss and its memory bank, the children `model` and `criterion`, and the
/// update of the momentum encoder after each step; the views are those of MoCoV2Transform. Throws
/// c10::ValueError as the two do.
/// [0] MoCo, 2019, arXiv:1911.05722; [1] MoCo v2, 2020, arXiv:2003.04297
class MoCoImpl : public Method {
 public:
  explicit MoCoImpl(models::Backbone backbone, MoCoOptions options = {});

  data::BaseCollateFunction collate(transforms::Size input_size) const override;
  StepOutput training_step(const data::Batch& batch, std::int64_t step) override;
  void after_step(std::int64_t step) override;
  models::Backbone backbone() const override { return model->backbone; }

  const MoCoOptions options;
  models::MoCo model = nullptr;
  loss::NTXentLoss criterion = nullptr;
};
LIGHTLY_METHOD(MoCo);

}  // namespace lightly::methods
