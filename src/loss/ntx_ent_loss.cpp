#include "lightly/loss/ntx_ent_loss.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <c10/core/DispatchKeySet.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/Exception.h>

namespace lightly::loss {
namespace {

/// The text of Python's `str` for a finite number below 1e-8, as its error message has it.
std::string python_text(double value) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.begin(), buffer.end(), value);
  std::string text(buffer.begin(), end);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

void check_views(const at::Tensor& out0, const at::Tensor& out1) {
  TORCH_CHECK_VALUE(out0.defined() && out1.defined(), "NTXentLoss: out0 and out1 must be tensors");
  TORCH_CHECK_VALUE(out0.dim() == 2 && out0.numel() > 0 && out0.sizes() == out1.sizes(),
                    "NTXentLoss: out0 and out1 must be [B, D] of one shape with B, D >= 1, got ",
                    out0.sizes(), " and ", out1.sizes());
  TORCH_CHECK_VALUE(out0.is_floating_point() && out0.scalar_type() == out1.scalar_type(),
                    "NTXentLoss: out0 and out1 must be of one floating-point dtype, got ",
                    out0.scalar_type(), " and ", out1.scalar_type());
  TORCH_CHECK_VALUE(out0.device() == out1.device(),
                    "NTXentLoss: out0 and out1 must be on one device, got ", out0.device(), " and ",
                    out1.device());
}

at::Tensor normalised(const at::Tensor& rows) {
  constexpr double kSmallestNorm = 1e-12;
  return rows / at::linalg_vector_norm(rows, 2, 1, /*keepdim=*/true).clamp_min(kSmallestNorm);
}

}  // namespace

void NTXentLossOptions::check() const {
  TORCH_CHECK_VALUE(std::isfinite(temperature), "NTXentLoss: temperature must be finite, got ",
                    temperature);
  TORCH_CHECK_VALUE(std::abs(temperature) >= 1e-8, "NTXentLoss: Illegal temperature: abs(",
                    python_text(temperature), ") < 1e-8");
}

at::Tensor ntx_ent_loss(const at::Tensor& out0, const at::Tensor& out1, double temperature) {
  NTXentLossOptions{.temperature = temperature}.check();
  check_views(out0, out1);
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const at::ScalarType dtype = out0.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const std::int64_t batch = out0.size(0);
  // Half of the temperature on either side keeps s(i, j) and s(j, i) equal to the last bit.
  const at::Tensor z =
      normalised(at::cat({out0, out1}).to(dtype)) / std::sqrt(std::abs(temperature));
  const at::Tensor similarities = at::matmul(z, (temperature > 0 ? z : -z).t());
  // Not recorded: logsumexp gives these entries the gradient exp(-inf) = 0.
  similarities.detach().fill_diagonal_(-std::numeric_limits<double>::infinity());
  const at::Tensor partners = similarities.diagonal(batch);
  return (at::logsumexp(similarities, 1).view({2, batch}) - partners).mean();
}

NTXentLossImpl::NTXentLossImpl(NTXentLossOptions options_) : options(options_) {
  options.check();
}

at::Tensor NTXentLossImpl::forward(const at::Tensor& out0, const at::Tensor& out1) {
  return ntx_ent_loss(out0, out1, options.temperature);
}

}  // namespace lightly::loss
