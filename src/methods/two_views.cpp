#include "methods/two_views.hpp"

#include <c10/util/Exception.h>

namespace lightly::methods {

std::pair<at::Tensor, at::Tensor> two_views(const Method& method, const data::Batch& batch) {
  TORCH_CHECK_VALUE(batch.views.size() == 2, method.name(), ": batch must have 2 views, got ",
                    batch.views.size());
  const at::Device device = method.parameters().front().device();
  return {batch.views[0].to(device, /*non_blocking=*/true),
          batch.views[1].to(device, /*non_blocking=*/true)};
}

}  // namespace lightly::methods
