#pragma once

#include <cstdint>

#include "lightly/loss/ntx_ent_loss.hpp"
#include "lightly/methods/method.hpp"
#include "lightly/models/backbone.hpp"
#include "lightly/models/simclr.hpp"

namespace lightly::methods {

/// Options of SimCLR: those of its parts.
struct SimCLROptions {
  models::SimCLROptions model = {};
  loss::NTXentLossOptions criterion = {};

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// models::SimCLR with NTXentLoss, the children `model` and `criterion`; the views are those of
/// SimCLRTransform, below 65 px with half the jitter. Throws c10::ValueError as the two do.
/// [0] SimCLR, 2020, arXiv:2002.05709
class SimCLRImpl : public Method {
 public:
  explicit SimCLRImpl(models::Backbone backbone, SimCLROptions options = {});

  data::BaseCollateFunction collate(transforms::Size input_size) const override;
  StepOutput training_step(const data::Batch& batch, std::int64_t step) override;
  models::Backbone backbone() const override { return model->backbone; }

  models::SimCLR model = nullptr;
  loss::NTXentLoss criterion = nullptr;
};
LIGHTLY_METHOD(SimCLR);

}  // namespace lightly::methods
