#include "lightly/evaluation/collapse.hpp"

#include <cmath>

#include <ATen/ops/std.h>
#include <c10/core/DispatchKeySet.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/Exception.h>

#include "core/tensor_rows.hpp"

namespace lightly::evaluation {

double output_std(const at::Tensor& outputs) {
  TORCH_CHECK_VALUE(
      outputs.defined() && outputs.dim() == 2 && outputs.size(0) >= 2 && outputs.size(1) >= 1 &&
          outputs.is_floating_point(),
      "output_std: outputs must be floating point [B, D] with B >= 2 and D >= 1, got ",
      outputs.defined() ? c10::str(outputs.scalar_type(), " ", outputs.sizes())
                        : "an undefined tensor");
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const at::Tensor rows = core::normalized_rows(outputs.detach().to(at::kFloat));
  return at::std(rows, at::IntArrayRef({0}), /*unbiased=*/true).mean().item<double>();
}

void CollapseMonitorOptions::check() const {
  TORCH_CHECK_VALUE(momentum >= 0.0 && momentum < 1.0,
                    "CollapseMonitor: momentum must be in [0, 1), got ", momentum);
  TORCH_CHECK_VALUE(threshold >= 0.0 && threshold <= 1.0,
                    "CollapseMonitor: threshold must be in [0, 1], got ", threshold);
}

CollapseMonitor::CollapseMonitor(CollapseMonitorOptions options) : options_(options) {
  options_.check();
}

double CollapseMonitor::observe(const at::Tensor& outputs) {
  const double spread = output_std(outputs);
  const double level = spread * std::sqrt(static_cast<double>(outputs.size(1)));
  if (std::isfinite(level)) {
    level_ = is_first_ ? level : options_.momentum * level_ + (1.0 - options_.momentum) * level;
    is_first_ = false;
  }
  return spread;
}

}  // namespace lightly::evaluation
