#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ATen/record_function.h>

namespace lightly::testing {

/// The operators of LibTorch that this thread calls while it lives; one at a time.
///
/// Only in a build with NDEBUG: without, RecordFunction is not the one LibTorch was built with.
class OperatorObserver {
 public:
  OperatorObserver() : handle_(at::addThreadLocalCallback(callback())) {
    names().clear();
    copies() = 0;
  }
  ~OperatorObserver() { at::removeCallback(handle_); }
  OperatorObserver(const OperatorObserver&) = delete;
  OperatorObserver& operator=(const OperatorObserver&) = delete;

  static std::vector<std::string>& names() {
    thread_local std::vector<std::string> seen;
    return seen;
  }

  /// Those from one kind of device to another.
  static int& copies() {
    thread_local int count = 0;
    return count;
  }

 private:
  static at::RecordFunctionCallback callback() {
    return at::RecordFunctionCallback(&start).needsInputs(true).scopes({at::RecordScope::FUNCTION});
  }

  static std::unique_ptr<at::ObserverContext> start(const at::RecordFunction& function) {
    names().emplace_back(function.name());
    if (names().back() == "aten::copy_") {
      const auto inputs = function.inputs();
      copies() += inputs[0].toTensor().device() != inputs[1].toTensor().device() ? 1 : 0;
    }
    return nullptr;
  }

  at::CallbackHandle handle_;
};

}  // namespace lightly::testing
