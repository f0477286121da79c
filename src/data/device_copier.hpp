#pragma once

#include <optional>

#include <c10/core/Device.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "lightly/data/sample.hpp"

namespace lightly::data {

/// Copies batches to a device on a stream of its own, so that a copy runs beside the computation
/// that the consumer's stream is busy with. The host waits for neither when the memory is
/// page-locked.
class DeviceCopier {
 public:
  /// A batch on the way to the device.
  struct Copy {
    Batch batch;
    c10::Event done;
  };

  /// Throws c10::ValueError for the CPU and for a device that this machine or this LibTorch lacks.
  explicit DeviceCopier(c10::Device device);

  /// Begins to copy views and targets.
  Copy begin(const Batch& batch) const;

  /// The batch, for the calling thread's current stream: it waits for the copy, and the tensors'
  /// memory is not used again before it has done what it is given until they are freed.
  Batch take(Copy copy) const;

 private:
  c10::Device device_;
  c10::impl::VirtualGuardImpl guard_;
  c10::Stream stream_;
};

}  // namespace lightly::data
