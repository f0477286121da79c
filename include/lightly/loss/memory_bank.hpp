#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <ATen/core/Tensor.h>
#include <torch/nn/cloneable.h>

#include "lightly/core/module.hpp"

namespace lightly::loss {

/// Rows of a memory bank and their width; a whole number stands for the rows alone.
struct MemoryBankSize {
  explicit(false) constexpr MemoryBankSize(std::int64_t rows_ = 0, std::int64_t dim_ = 0)
      : rows(rows_), dim(dim_) {}

  /// Rows K, >= 0; 0 is no bank.
  std::int64_t rows;
  /// Width D of a row, >= 0; 0 takes that of the first batch. A bank that is to be read from a
  /// checkpoint needs its width from the start.
  std::int64_t dim;
};

/// Options of MemoryBankModule.
struct MemoryBankModuleOptions {
  MemoryBankSize size = {65536};
  /// Throw away the rows of a batch that reach beyond the end of the bank and start again at its
  /// first row, as lightly up to 1.6.0 does. False goes on at the first row with what is left.
  bool drop_tail = false;

  /// Throws c10::ValueError that names the field.
  void check() const;
};

/// A ring of the last K rows that were put into it: the negatives of a contrastive loss.
///
/// The buffers `bank` [K, D] and `bank_ptr` int64 [1] have the names and the layout of lightly
/// 1.6.0's MemoryBankModule. They move with `to()` and, unlike there, are part of the state dict,
/// so that a checkpoint holds them. The bank starts with random rows of length 1 from LibTorch's
/// generator. [0] MoCo, 2019, arXiv:1911.05722
struct MemoryBankModuleImpl : torch::nn::Cloneable<MemoryBankModuleImpl> {
  explicit MemoryBankModuleImpl(MemoryBankModuleOptions options_ = {});
  void reset() override;
  std::shared_ptr<torch::nn::Module> clone(
      const std::optional<at::Device>& device = std::nullopt) const override;
  /// The pointer stays int64, whatever the dtype, as in Python.
  void to(torch::Device device, torch::Dtype dtype, bool non_blocking = false) override;
  void to(torch::Dtype dtype, bool non_blocking = false) override;
  using torch::nn::Module::to;

  /// The bank [K, D] as it is, without a copy; undefined when the size is 0. A bank without a width
  /// is made now, of the width and device of `rows` [B, D], in float32, or float64 when they are.
  /// Throws c10::ValueError when the widths or devices differ and for rows that are not floating
  /// point. Its rows must stay until the backward pass of a loss against them is over.
  at::Tensor query(const at::Tensor& rows);

  /// Puts `rows` [B, D] behind the last ones, in place of the oldest; of more than K the last K. No
  /// host waits for the device, but with `drop_tail`. Does nothing when the size is 0; throws as
  /// query() does.
  void enqueue(const at::Tensor& rows);

  MemoryBankModuleOptions options;
  /// [K, D], or [K, 0] as long as the width is not known.
  at::Tensor bank;
  /// The row that is written next.
  at::Tensor bank_ptr;

 private:
  void fill(std::int64_t dim, const at::TensorOptions& tensor_options);
  void check_rows(const at::Tensor& rows) const;
};
LIGHTLY_MODULE(MemoryBankModule);

}  // namespace lightly::loss
