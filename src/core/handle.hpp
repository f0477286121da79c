#pragma once

#include <memory>

namespace lightly::core {

/// Deletes a C library's object by the function that library has for it.
template <auto Free>
struct FreeBy {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

template <typename T, auto Free>
using Handle = std::unique_ptr<T, FreeBy<Free>>;

}  // namespace lightly::core
