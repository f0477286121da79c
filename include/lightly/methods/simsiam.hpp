#pragma once

#include <cstdint>

#include "lightly/methods/method.hpp"
#include "lightly/models/backbone.hpp"
#include "lightly/models/simsiam.hpp"

namespace lightly::methods {

/// Options of SimSiam: those of its model.
struct SimSiamOptions {
  models::SimSiamOptions model = {};

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// models::SimSiam, the child `model`, with loss::sym_neg_cosine_similarity_loss(); the views are
/// those of SimSiamTransform, the outputs to watch the projections of the first view. Throws
/// c10::ValueError as models::SimSiam does.
/// [0] SimSiam, 2020, arXiv:2011.10566
class SimSiamImpl : public Method {
 public:
  explicit SimSiamImpl(models::Backbone backbone, SimSiamOptions options = {});

  data::BaseCollateFunction collate(transforms::Size input_size) const override;
  StepOutput training_step(const data::Batch& batch, std::int64_t step) override;
  models::Backbone backbone() const override { return model->backbone; }

  models::SimSiam model = nullptr;
};
LIGHTLY_METHOD(SimSiam);

}  // namespace lightly::methods
