#include "lightly/data/torch_data.hpp"

#include <cmath>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

namespace lightly::data {
namespace {

template <typename Value, typename Convert>
void interleave(const at::Tensor& planes, unsigned char* rgb, const Convert& convert) {
  const Value* values = planes.const_data_ptr<Value>();
  const std::int64_t channel = planes.size(0) == 3 ? planes.stride(0) : 0;
  for (std::int64_t y = 0; y < planes.size(1); ++y) {
    for (std::int64_t x = 0; x < planes.size(2); ++x) {
      for (std::int64_t c = 0; c < 3; ++c) {
        *rgb++ = convert(values[c * channel + y * planes.stride(1) + x * planes.stride(2)]);
      }
    }
  }
}

}  // namespace

Sample sample_from_tensors(const at::Tensor& data, const at::Tensor& target, std::string file_name,
                           std::int64_t index) {
  TORCH_CHECK_VALUE(data.defined() && target.defined(), "sample_from_tensors: ", file_name,
                    " must have data and target, got none");
  const at::Tensor planes = data.dim() == 2 ? data.unsqueeze(0) : data;
  const bool fits = (planes.scalar_type() == at::kByte || planes.scalar_type() == at::kFloat) &&
                    planes.dim() == 3 && (planes.size(0) == 3 || planes.size(0) == 1) &&
                    planes.size(1) > 0 && planes.size(2) > 0 && planes.device().is_cpu();
  TORCH_CHECK_VALUE(fits, "sample_from_tensors: data of ", file_name,
                    " must be uint8 or float32 [3, H, W], [1, H, W] or [H, W] on the CPU, got ",
                    data.scalar_type(), " ", data.sizes(), " on ", data.device());
  TORCH_CHECK_VALUE(
      target.numel() == 1 && at::isIntegralType(target.scalar_type(), /*includeBool=*/false),
      "sample_from_tensors: target of ", file_name, " must be one integer, got ",
      target.scalar_type(), " ", target.sizes());

  at::Tensor interleaved = at::empty({planes.size(1), planes.size(2), 3}, at::kByte);
  auto* rgb = interleaved.mutable_data_ptr<unsigned char>();
  if (planes.scalar_type() == at::kByte) {
    interleave<unsigned char>(planes, rgb, [](unsigned char value) { return value; });
  } else {
    interleave<float>(planes, rgb, [&](float value) {
      TORCH_CHECK_VALUE(value >= 0.0F && value <= 1.0F, "sample_from_tensors: float data of ",
                        file_name, " must be in [0, 1], got ", value);
      return static_cast<unsigned char>(std::lround(value * 255.0F));
    });
  }
  return {.image = interleaved.permute({2, 0, 1}),
          .target = target.item<std::int64_t>(),
          .file_name = std::move(file_name),
          .index = index};
}

ToTorchDataset::ToTorchDataset(DatasetPtr dataset) : dataset_(std::move(dataset)) {
  TORCH_CHECK_VALUE(dataset_ != nullptr, "ToTorchDataset: dataset must not be null");
}

Sample ToTorchDataset::get(std::size_t index) {
  return dataset_->get(static_cast<std::int64_t>(index));
}

std::optional<std::size_t> ToTorchDataset::size() const {
  return static_cast<std::size_t>(dataset_->size());
}

}  // namespace lightly::data
