#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <c10/core/ScalarType.h>

namespace lightly::core::pickle {

/// Which of the objects of a pickle; they refer to each other by number, so that circles and deep
/// nests are harmless.
using Ref = std::uint32_t;

/// What is of no use here: None, numbers with a point, bytes, sets; never followed.
inline constexpr Ref kNothing = 0;

/// A name of Python's, `module` and `name`: a class, a function, a dtype. Only compared, never
/// looked up.
struct Global {
  std::string_view module;
  std::string_view name;

  bool is(std::string_view other_module, std::string_view other_name) const {
    return module == other_module && name == other_name;
  }
};

/// What a call of an unknown Global would have given; whatever is put into it is dropped.
struct Foreign {
  Global type;
};

/// A list or tuple.
struct Sequence {
  std::vector<Ref> items;
};

struct Dict {
  std::vector<std::pair<Ref, Ref>> items;
};

/// A storage, which lies outside the pickle under `key`.
struct Storage {
  std::string_view key;
  /// None for torch's UntypedStorage.
  std::optional<at::ScalarType> type;
  /// Bytes in all.
  std::uint64_t bytes;
};

/// A tensor that lies inside its storage (checked).
struct Tensor {
  Storage storage;
  at::ScalarType type;
  /// In elements, as the strides are.
  std::int64_t offset;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
};

using Value = std::variant<std::monostate, bool, std::int64_t, std::string_view, Global, Foreign,
                           Sequence, Dict, Storage, Tensor>;

/// The objects of one file's pickles; texts lie in the pickles' bytes, which must outlive this.
class Objects {
 public:
  /// `where` opens every error's text.
  explicit Objects(std::string where) : where_(std::move(where)) {}

  /// Adds an object; throws c10::Error beyond the limit.
  Ref add(Value value);

  const Value& at(Ref ref) const { return values_[ref]; }

  /// The object when it is of that kind, else null.
  template <typename T>
  T* get(Ref ref) {
    return std::get_if<T>(&values_[ref]);
  }
  template <typename T>
  const T* get(Ref ref) const {
    return std::get_if<T>(&values_[ref]);
  }

  const std::string& where() const { return where_; }
  std::size_t size() const { return values_.size(); }

 private:
  std::string where_;
  std::deque<Value> values_ = {std::monostate()};
  std::size_t bytes_ = 0;
};

/// Reads the pickle (protocol 2 to 5) at the front of `bytes` without executing anything, takes it
/// off `bytes` and returns its object.
///
/// Of the names a pickle can call only those of `torch_objects.hpp` mean something; every other
/// call gives a Foreign. Throws c10::Error for what is no pickle and beyond the limits.
Ref load(Objects& objects, std::string_view& bytes);

}  // namespace lightly::core::pickle
