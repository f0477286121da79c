#include "loss/ntx_ent_chunks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/logaddexp.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mm.h>
#include <c10/util/Exception.h>

#include "core/tensor_rows.hpp"

namespace lightly::loss {
namespace {

std::uint32_t version_of(const at::Tensor& tensor) {
  return tensor.defined() && !tensor.is_inference() ? tensor._version() : 0;
}

}  // namespace

NTXentChunks::NTXentChunks(const at::Tensor& out0, const at::Tensor& out1, const at::Tensor& bank,
                           const Options& options)
    : batch_(out0.size(0)),
      temperature_(options.temperature),
      bank_(bank),
      bank_version_(version_of(bank)) {
  const at::Tensor rows = at::cat({out0, out1});
  lengths_ = core::row_lengths(rows);
  const at::Tensor units = rows / lengths_.clamp_min(core::kSmallestLength);
  const at::Tensor units0 = units.narrow(0, 0, batch_);
  const at::Tensor units1 = units.narrow(0, batch_, batch_);
  anchors_ = has_bank() ? units0 : units;
  partners_ = has_bank() ? units1 : at::cat({units1, units0});
  const std::int64_t columns = has_bank() ? bank_.size(0) : 2 * batch_;
  chunk_rows_ = std::clamp<std::int64_t>(
      options.chunk_bytes / (columns * static_cast<std::int64_t>(units.element_size())), 1,
      anchors_.size(0));
  positives_ = (anchors_ * partners_).sum(1) / temperature_;
  log_sums_ = at::empty({anchors_.size(0)}, units.options());
  for_each_chunk([&](std::int64_t first, std::int64_t count) {
    log_sums_.narrow(0, first, count).copy_(at::logsumexp(similarities(first, count), 1));
  });
  if (has_bank()) {
    log_sums_ = at::logaddexp(log_sums_, positives_);
  }
  loss_ = (log_sums_ - positives_).mean();
}

template <typename Body>
void NTXentChunks::for_each_chunk(Body body) const {
  for (std::int64_t first = 0; first < anchors_.size(0); first += chunk_rows_) {
    body(first, std::min(chunk_rows_, anchors_.size(0) - first));
  }
}

// Of the anchors [first, first + count) with all the others; -infinity where one meets itself.
at::Tensor NTXentChunks::similarities(std::int64_t first, std::int64_t count) const {
  const at::Tensor rows = anchors_.narrow(0, first, count) / temperature_;
  at::Tensor product = at::mm(rows, (has_bank() ? bank_ : anchors_).t());
  if (!has_bank()) {
    product.diagonal(first).fill_(-std::numeric_limits<double>::infinity());
  }
  return product;
}

std::pair<at::Tensor, at::Tensor> NTXentChunks::gradient(const at::Tensor& scale) const {
  TORCH_CHECK(version_of(bank_) == bank_version_,
              "NTXentLoss: bank must not be written between the loss and its backward pass");
  const double per_row = 1.0 / (temperature_ * static_cast<double>(anchors_.size(0)));
  at::Tensor of_anchors = at::empty_like(anchors_);
  for_each_chunk([&](std::int64_t first, std::int64_t count) {
    const at::Tensor chunk = similarities(first, count);
    at::Tensor weights = (chunk - log_sums_.narrow(0, first, count).unsqueeze(1)).exp_();
    if (!has_bank()) {
      weights += (chunk - log_sums_.unsqueeze(0)).exp_();
    }
    of_anchors.narrow(0, first, count).copy_(at::mm(weights, has_bank() ? bank_ : anchors_));
  });
  at::Tensor of_units;
  if (has_bank()) {
    const at::Tensor surprise = (positives_ - log_sums_).exp().sub(1.0).unsqueeze(1);
    of_units = at::cat({of_anchors + surprise * partners_, surprise * anchors_});
  } else {
    of_units = of_anchors - partners_ * 2.0;
  }
  const at::Tensor units = has_bank() ? at::cat({anchors_, partners_}) : anchors_;
  const at::Tensor is_long = lengths_.ge(core::kSmallestLength);
  const at::Tensor along = (units * of_units).sum(1, /*keepdim=*/true) * is_long;
  const at::Tensor of_rows =
      (of_units - units * along) / lengths_.clamp_min(core::kSmallestLength) * (scale * per_row);
  return {of_rows.narrow(0, 0, batch_), of_rows.narrow(0, batch_, batch_)};
}

}  // namespace lightly::loss
