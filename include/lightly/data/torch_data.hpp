#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <torch/data/datasets/base.h>
#include <torch/data/datasets/map.h>
#include <torch/data/example.h>
#include <torch/data/transforms/collate.h>

#include "lightly/core/random.hpp"
#include "lightly/data/collate.hpp"
#include "lightly/data/dataset.hpp"
#include "lightly/data/padded_name.hpp"
#include "lightly/data/sample.hpp"

/// Bridges to and from torch::data.
namespace lightly::data {

/// A sample from the two tensors of a torch::data::Example.
///
/// `data`: uint8 or float32, on the CPU, [3, H, W], or grey as [1, H, W] or [H, W]; a float is
/// scaled by 255 and rounded, and must be in [0, 1]. `target`: one integer of any width. Throws
/// c10::ValueError that names `file_name` for anything else.
Sample sample_from_tensors(const at::Tensor& data, const at::Tensor& target, std::string file_name,
                           std::int64_t index);

/// A torch::data dataset of `Example<>` as a Dataset: `FromTorchDataset(MNIST("folder"))`.
///
/// One thread at a time calls its `get`, which torch::data does not ask to be thread-safe. Samples
/// are named `00042`; for their data and targets see sample_from_tensors. Throws c10::ValueError
/// for a dataset without a size.
template <typename TorchDataset>
class FromTorchDataset : public Dataset {
 public:
  explicit FromTorchDataset(TorchDataset dataset) : dataset_(std::move(dataset)) {
    const std::optional<std::size_t> size = dataset_.size();
    TORCH_CHECK_VALUE(size.has_value(), "FromTorchDataset: the dataset must have a size");
    size_ = static_cast<std::int64_t>(*size);
  }

  std::int64_t size() const override { return size_; }

  Sample get(std::int64_t index) const override {
    std::string name = file_name(index);
    torch::data::Example<> example;
    {
      const std::scoped_lock lock(mutex_);
      example = dataset_.get(static_cast<std::size_t>(index));
    }
    return sample_from_tensors(example.data, example.target, std::move(name), index);
  }

  std::string file_name(std::int64_t index) const override {
    TORCH_CHECK_INDEX(index >= 0 && index < size_, "FromTorchDataset: index must be in [0, ", size_,
                      "), got ", index);
    return padded_name("", index);
  }

 private:
  mutable std::mutex mutex_;
  mutable TorchDataset dataset_;
  std::int64_t size_ = 0;
};

/// A Dataset for torch::data: `ToTorchDataset(dataset).map(ToTorchCollation(collate))` is what
/// torch::data::make_data_loader takes.
class ToTorchDataset : public torch::data::datasets::Dataset<ToTorchDataset, Sample> {
 public:
  /// Copies share `dataset`, which must not be null.
  explicit ToTorchDataset(DatasetPtr dataset);

  Sample get(std::size_t index) override;
  std::optional<std::size_t> size() const override;

 private:
  DatasetPtr dataset_;
};

/// A collate function for torch::data. `key` gives the seed and the epoch, which torch::data's
/// loaders do not tell: make one for each epoch.
class ToTorchCollation : public torch::data::transforms::Collation<Batch, std::vector<Sample>> {
 public:
  explicit ToTorchCollation(BaseCollateFunction collate, const core::RandomKey& key = {})
      : collate_(std::move(collate)), key_(key) {}

  Batch apply_batch(std::vector<Sample> samples) override { return collate_(samples, key_); }

 private:
  BaseCollateFunction collate_;
  core::RandomKey key_;
};

}  // namespace lightly::data
