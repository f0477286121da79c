#include "lightly/methods/simsiam.hpp"

#include <utility>

#include "lightly/loss/negative_cosine_similarity.hpp"
#include "lightly/transforms/simsiam_transform.hpp"
#include "methods/two_views.hpp"

namespace lightly::methods {

void SimSiamOptions::check() const {
  model.check();
}

SimSiamImpl::SimSiamImpl(models::Backbone backbone, SimSiamOptions options) : Method("SimSiam") {
  options.check();
  model = register_module("model", models::SimSiam(std::move(backbone), options.model));
}

data::BaseCollateFunction SimSiamImpl::collate(transforms::Size input_size) const {
  return transforms::SimSiamTransform(
      view_options<transforms::SimSiamTransformOptions>(input_size));
}

StepOutput SimSiamImpl::training_step(const data::Batch& batch, std::int64_t /*step*/) {
  const auto [x0, x1] = two_views(*this, batch);
  const auto [out0, out1] = model(x0, x1);
  return {.loss = loss::sym_neg_cosine_similarity_loss(out0, out1), .outputs = out0.z.detach()};
}

}  // namespace lightly::methods
