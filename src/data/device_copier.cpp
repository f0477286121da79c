#include "data/device_copier.hpp"

#include <utility>

#include <ATen/core/Tensor.h>
#include <c10/core/StreamGuard.h>
#include <c10/util/Exception.h>

namespace lightly::data {
namespace {

// With its number, where `device` leaves that to the thread.
c10::Device checked(c10::Device device) {
  TORCH_CHECK_VALUE(!device.is_cpu(), "DataLoader: a copier's device must not be the CPU");
  int count = 0;
  if (c10::impl::hasDeviceGuardImpl(device.type())) {
    const c10::impl::VirtualGuardImpl guard(device.type());
    count = guard.deviceCount();
    if (count > 0 && !device.has_index()) {
      device = guard.getDevice();
    }
  }
  TORCH_CHECK_VALUE(count > 0 && device.index() < count,
                    "DataLoader: device must be one that LibTorch finds, ", count,
                    " of this kind, got ", device);
  return device;
}

}  // namespace

DeviceCopier::DeviceCopier(c10::Device device)
    : device_(checked(device)),
      guard_(device_.type()),
      stream_(guard_.getStreamFromGlobalPool(device_)) {}

DeviceCopier::Copy DeviceCopier::begin(const Batch& batch) const {
  const c10::StreamGuard on_stream(stream_);
  const auto to_device = [&](const at::Tensor& tensor) {
    // Page-locked memory is not used again before its copies end. Nothing else promises that.
    return tensor.to(device_, tensor.scalar_type(), /*non_blocking=*/tensor.is_pinned());
  };
  Copy copy{.batch = {.file_names = batch.file_names, .indices = batch.indices},
            .done = c10::Event(device_.type())};
  for (const at::Tensor& view : batch.views) {
    copy.batch.views.push_back(to_device(view));
  }
  copy.batch.targets = to_device(batch.targets);
  copy.done.record(stream_);
  return copy;
}

Batch DeviceCopier::take(Copy copy) const {
  const c10::Stream current = guard_.getStream(device_);
  copy.done.block(current);
  // They were allocated on the copying stream.
  for (const at::Tensor& view : copy.batch.views) {
    guard_.recordDataPtrOnStream(view.storage().data_ptr(), current);
  }
  guard_.recordDataPtrOnStream(copy.batch.targets.storage().data_ptr(), current);
  return std::move(copy.batch);
}

}  // namespace lightly::data
