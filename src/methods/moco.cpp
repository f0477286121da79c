#include "lightly/methods/moco.hpp"

#include <utility>

#include <ATen/CPUGeneratorImpl.h>
#include <c10/util/Exception.h>

#include "lightly/core/random.hpp"
#include "lightly/transforms/moco_transform.hpp"
#include "methods/two_views.hpp"

namespace lightly::methods {
namespace {

// With a generator of the method's own.
models::MoCoOptions seeded(models::MoCoOptions options) {
  options.generator = at::detail::createCPUGenerator();
  return options;
}

std::uint64_t step_seed(std::uint64_t seed, std::int64_t step) {
  core::Random random({.seed = seed, .index = static_cast<std::uint64_t>(step)});
  const std::uint64_t high = random.bits();
  return high << 32 | random.bits();
}

}  // namespace

void MoCoOptions::check() const {
  model.check();
  criterion.check();
  TORCH_CHECK_VALUE(!model.generator.has_value(),
                    "MoCo: model.generator must be none, the method draws from seed and step");
  const auto [rows, dim] = criterion.memory_bank_size;
  TORCH_CHECK_VALUE(rows >= 1, "MoCo: criterion.memory_bank_size must have rows, got ", rows);
  TORCH_CHECK_VALUE(dim == 0 || dim == model.out_dim,
                    "MoCo: criterion.memory_bank_size must be as wide as model.out_dim ",
                    model.out_dim, ", got ", dim);
}

MoCoImpl::MoCoImpl(models::Backbone backbone, MoCoOptions options_)
    : Method("MoCo"), options(std::move(options_)) {
  options.check();
  loss::NTXentLossOptions with_width = options.criterion;
  with_width.memory_bank_size.dim = options.model.out_dim;
  model = register_module("model", models::MoCo(std::move(backbone), seeded(options.model)));
  criterion = register_module("criterion", loss::NTXentLoss(with_width));
}

data::BaseCollateFunction MoCoImpl::collate(transforms::Size input_size) const {
  return transforms::MoCoV2Transform(view_options<transforms::MoCoV2TransformOptions>(input_size));
}

StepOutput MoCoImpl::training_step(const data::Batch& batch, std::int64_t step) {
  const auto [x0, x1] = two_views(*this, batch);
  model->options.generator->set_current_seed(step_seed(options.seed, step));
  const auto [query, key] = model(x0, x1);
  at::Tensor loss = criterion(query, key);
  if (options.symmetric_loss) {
    const auto [other_query, other_key] = model(x1, x0);
    loss = 0.5 * (loss + criterion(other_query, other_key));
  }
  return {.loss = std::move(loss), .outputs = query.detach()};
}

void MoCoImpl::after_step(std::int64_t /*step*/) {
  if (!options.model.update_on_forward) {
    model->update_momentum();
  }
}

}  // namespace lightly::methods
