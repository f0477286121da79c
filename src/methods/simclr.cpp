#include "lightly/methods/simclr.hpp"

#include <utility>

#include "lightly/transforms/simclr_transform.hpp"
#include "methods/two_views.hpp"

namespace lightly::methods {

void SimCLROptions::check() const {
  model.check();
  criterion.check();
}

SimCLRImpl::SimCLRImpl(models::Backbone backbone, SimCLROptions options) : Method("SimCLR") {
  options.check();
  model = register_module("model", models::SimCLR(std::move(backbone), options.model));
  criterion = register_module("criterion", loss::NTXentLoss(options.criterion));
}

data::BaseCollateFunction SimCLRImpl::collate(transforms::Size input_size) const {
  auto views = view_options<transforms::SimCLRTransformOptions>(input_size);
  if (is_small(input_size)) {
    views.cj_strength = 0.5;
  }
  return transforms::SimCLRTransform(views);
}

StepOutput SimCLRImpl::training_step(const data::Batch& batch, std::int64_t /*step*/) {
  const auto [x0, x1] = two_views(*this, batch);
  const auto [out0, out1] = model(x0, x1);
  return {.loss = criterion(out0, out1), .outputs = out0.detach()};
}

}  // namespace lightly::methods
