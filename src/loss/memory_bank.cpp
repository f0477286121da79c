#include "lightly/loss/memory_bank.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

#include "core/tensor_rows.hpp"

namespace lightly::loss {

void MemoryBankModuleOptions::check() const {
  TORCH_CHECK_VALUE(size.rows >= 0, "MemoryBankModule: Illegal memory bank size ", size.rows,
                    ", must be non-negative.");
  TORCH_CHECK_VALUE(size.dim >= 0, "MemoryBankModule: the width of a row must be >= 0, got ",
                    size.dim);
}

MemoryBankModuleImpl::MemoryBankModuleImpl(MemoryBankModuleOptions options_) : options(options_) {
  options.check();
  MemoryBankModuleImpl::reset();
}

void MemoryBankModuleImpl::reset() {
  bank = register_buffer("bank", at::empty({options.size.rows, 0}, at::kFloat));
  bank_ptr = register_buffer("bank_ptr", at::zeros({1}, at::kLong));
  if (options.size.dim > 0) {
    fill(options.size.dim, at::TensorOptions(at::kFloat));
  }
}

void MemoryBankModuleImpl::to(torch::Device device, torch::Dtype dtype, bool non_blocking) {
  to(device, non_blocking);
  to(dtype, non_blocking);
}

void MemoryBankModuleImpl::to(torch::Dtype dtype, bool non_blocking) {
  bank.set_data(bank.to(dtype, non_blocking));
}

// Cloneable's own clone would draw random rows, which are overwritten, from LibTorch's generator.
std::shared_ptr<torch::nn::Module> MemoryBankModuleImpl::clone(
    const std::optional<at::Device>& device) const {
  const at::NoGradGuard no_grad;
  MemoryBankModuleOptions empty = options;
  empty.size.dim = 0;
  auto copy = std::make_shared<MemoryBankModuleImpl>(empty);
  copy->options = options;
  copy->bank.set_data(bank.clone().to(device.value_or(bank.device())));
  copy->bank_ptr.set_data(bank_ptr.clone().to(device.value_or(bank_ptr.device())));
  copy->train(is_training());
  return copy;
}

void MemoryBankModuleImpl::fill(std::int64_t dim, const at::TensorOptions& tensor_options) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = at::randn({options.size.rows, dim}, tensor_options);
  // The buffer keeps its identity, so that the name leads to the new rows.
  bank.set_data(core::normalized_rows(rows));
}

void MemoryBankModuleImpl::check_rows(const at::Tensor& rows) const {
  TORCH_CHECK_VALUE(rows.defined() && rows.dim() == 2 && rows.size(0) > 0,
                    "MemoryBankModule: rows must be [B, D] with B >= 1, got ",
                    rows.defined() ? c10::str(rows.sizes()) : "an undefined tensor");
  TORCH_CHECK_VALUE(rows.is_floating_point(), "MemoryBankModule: rows must be floating point, got ",
                    rows.scalar_type());
  TORCH_CHECK_VALUE(bank.size(1) == 0 || rows.size(1) == bank.size(1),
                    "MemoryBankModule: rows must be as wide as those of the bank, ", bank.size(1),
                    ", got ", rows.size(1));
  TORCH_CHECK_VALUE(rows.device() == bank.device() || bank.size(1) == 0,
                    "MemoryBankModule: rows must be on the device of the bank, ", bank.device(),
                    ", got ", rows.device());
}

at::Tensor MemoryBankModuleImpl::query(const at::Tensor& rows) {
  if (options.size.rows == 0) {
    return {};
  }
  check_rows(rows);
  if (bank.size(1) == 0) {
    fill(rows.size(1),
         rows.options().dtype(core::wide_type(rows.scalar_type())).requires_grad(false));
    bank_ptr.set_data(bank_ptr.to(rows.device()));
  }
  return bank;
}

void MemoryBankModuleImpl::enqueue(const at::Tensor& rows) {
  if (options.size.rows == 0) {
    return;
  }
  const at::NoGradGuard no_grad;
  const at::Tensor ring = query(rows);
  const std::int64_t size = options.size.rows;
  const std::int64_t count = rows.size(0);
  const at::Tensor values = rows.detach().to(ring.scalar_type());
  if (options.drop_tail) {
    const auto pointer = bank_ptr.item<std::int64_t>();
    const std::int64_t written = std::min(count, size - pointer);
    ring.narrow(0, pointer, written).copy_(values.narrow(0, 0, written));
    bank_ptr.fill_(pointer + count >= size ? 0 : pointer + count);
    return;
  }
  const std::int64_t skipped = std::max<std::int64_t>(count - size, 0);
  const at::Tensor places =
      at::arange(skipped, count, bank_ptr.options()).add_(bank_ptr).remainder_(size);
  ring.index_copy_(0, places, values.narrow(0, skipped, count - skipped));
  bank_ptr.add_(count).remainder_(size);
}

}  // namespace lightly::loss
