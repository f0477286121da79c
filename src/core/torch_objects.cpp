#include "core/torch_objects.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include <c10/util/ArrayRef.h>
#include <c10/util/Exception.h>

#include "core/shape_limits.hpp"

namespace lightly::core::pickle {
namespace {

struct Type {
  std::string_view dtype;
  /// Of the module torch; newer types have none and use UntypedStorage.
  std::string_view storage;
  at::ScalarType type;
};

constexpr std::array<Type, 18> kTypes{{
    {"float64", "DoubleStorage", at::kDouble},
    {"float32", "FloatStorage", at::kFloat},
    {"float16", "HalfStorage", at::kHalf},
    {"bfloat16", "BFloat16Storage", at::kBFloat16},
    {"int64", "LongStorage", at::kLong},
    {"int32", "IntStorage", at::kInt},
    {"int16", "ShortStorage", at::kShort},
    {"int8", "CharStorage", at::kChar},
    {"uint8", "ByteStorage", at::kByte},
    {"bool", "BoolStorage", at::kBool},
    {"complex128", "ComplexDoubleStorage", at::kComplexDouble},
    {"complex64", "ComplexFloatStorage", at::kComplexFloat},
    {"uint16", "", at::kUInt16},
    {"uint32", "", at::kUInt32},
    {"uint64", "", at::kUInt64},
    {"float8_e4m3fn", "", at::kFloat8_e4m3fn},
    {"float8_e5m2", "", at::kFloat8_e5m2},
    {"complex32", "", at::kComplexHalf},
}};

std::optional<at::ScalarType> type_of(const Global& global, std::string_view Type::* name) {
  const auto* const found = std::ranges::find(kTypes, global.name, name);
  return global.module == "torch" && found != kTypes.end() && !global.name.empty()
             ? std::optional(found->type)
             : std::nullopt;
}

std::optional<std::vector<std::int64_t>> integers(const Objects& objects, Ref ref) {
  const auto* sequence = objects.get<Sequence>(ref);
  if (sequence == nullptr || sequence->items.size() > kMostAxes) {
    return std::nullopt;
  }
  std::vector<std::int64_t> values;
  values.reserve(sequence->items.size());
  for (const Ref item : sequence->items) {
    const auto* value = objects.get<std::int64_t>(item);
    if (value == nullptr) {
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return values;
}

// Whether offset, sizes and strides are those of a tensor inside its storage, and its number of
// elements one that LibTorch can count. Every step is checked for overflow.
bool lies_inside(const Tensor& tensor) {
  const auto is_negative = [](std::int64_t value) { return value < 0; };
  if (tensor.offset < 0 || tensor.sizes.size() != tensor.strides.size() ||
      std::ranges::any_of(tensor.sizes, is_negative) ||
      std::ranges::any_of(tensor.strides, is_negative)) {
    return false;
  }
  auto bytes = static_cast<std::int64_t>(c10::elementSize(tensor.type));
  std::int64_t last = tensor.offset;
  for (std::size_t axis = 0; axis < tensor.sizes.size(); ++axis) {
    std::int64_t step = 0;
    if (!multiply_by_axis(bytes, static_cast<std::uint64_t>(tensor.sizes[axis])) ||
        __builtin_mul_overflow(tensor.sizes[axis] - 1, tensor.strides[axis], &step) ||
        __builtin_add_overflow(last, step, &last)) {
      return false;
    }
  }
  const std::uint64_t elements = tensor.storage.bytes / c10::elementSize(tensor.type);
  return std::ranges::count(tensor.sizes, 0) > 0
             ? static_cast<std::uint64_t>(tensor.offset) <= elements
             : static_cast<std::uint64_t>(last) < elements;
}

// _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata) and _v3, which
// has the dtype before the metadata.
Ref rebuild_tensor(Objects& objects, const Global& function, const std::vector<Ref>& arguments) {
  const bool has_dtype = function.name == "_rebuild_tensor_v3";
  const std::size_t metadata = has_dtype ? 7 : 6;
  const auto* storage = arguments.size() < 4 ? nullptr : objects.get<Storage>(arguments[0]);
  if (storage == nullptr || arguments.size() < (has_dtype ? 7U : 4U)) {
    return objects.add(Foreign{function});  // of a storage that is not known here
  }
  std::optional<at::ScalarType> type = storage->type;
  if (has_dtype) {
    const auto* dtype = objects.get<Global>(arguments[6]);
    type = dtype == nullptr ? std::nullopt : type_of(*dtype, &Type::dtype);
  }
  // The metadata says that the values are still to be negated or conjugated.
  const auto* bits = arguments.size() > metadata ? objects.get<Dict>(arguments[metadata]) : nullptr;
  if (!type || (bits != nullptr && !bits->items.empty())) {
    return objects.add(Foreign{function});
  }
  const auto* offset = objects.get<std::int64_t>(arguments[1]);
  auto sizes = integers(objects, arguments[2]);
  auto strides = integers(objects, arguments[3]);
  TORCH_CHECK(offset != nullptr && sizes && strides, objects.where(),
              ": bad pickle: a tensor's offset, sizes and strides must be whole numbers");
  Tensor tensor{.storage = *storage,
                .type = *type,
                .offset = *offset,
                .sizes = std::move(*sizes),
                .strides = std::move(*strides)};
  TORCH_CHECK(lies_inside(tensor), objects.where(), ": a tensor of offset ", tensor.offset,
              ", sizes ", at::IntArrayRef(tensor.sizes), " and strides ",
              at::IntArrayRef(tensor.strides), " does not lie inside its storage ", storage->key,
              " of ", storage->bytes, " bytes");
  return objects.add(std::move(tensor));
}

// OrderedDict(), whose items follow, or as Python 2 wrote it: OrderedDict([[key, value], ...]).
Ref ordered_dict(Objects& objects, const std::vector<Ref>& arguments) {
  Dict dict;
  const auto* pairs = arguments.empty() ? nullptr : objects.get<Sequence>(arguments[0]);
  if (pairs != nullptr) {
    for (const Ref item : pairs->items) {
      const auto* pair = objects.get<Sequence>(item);
      TORCH_CHECK(pair != nullptr && pair->items.size() == 2, objects.where(),
                  ": bad pickle: an OrderedDict must be made of pairs");
      dict.items.emplace_back(pair->items[0], pair->items[1]);
    }
  }
  return objects.add(std::move(dict));
}

Ref call(Objects& objects, const Global& callable, const std::vector<Ref>& arguments) {
  if (callable.is("collections", "OrderedDict")) {
    return ordered_dict(objects, arguments);
  }
  if (callable.is("collections", "defaultdict")) {
    return objects.add(Dict());
  }
  if (callable.module == "torch._utils") {
    if (callable.name == "_rebuild_tensor" || callable.name == "_rebuild_tensor_v2" ||
        callable.name == "_rebuild_tensor_v3") {
      return rebuild_tensor(objects, callable, arguments);
    }
    // (data, requires_grad, hooks[, state])
    if ((callable.name == "_rebuild_parameter" ||
         callable.name == "_rebuild_parameter_with_state") &&
        !arguments.empty()) {
      return arguments[0];
    }
  }
  return objects.add(Foreign{callable});
}

}  // namespace

Ref call(Objects& objects, Ref callable, Ref arguments) {
  const auto* global = objects.get<Global>(callable);
  const auto* tuple = objects.get<Sequence>(arguments);
  if (global == nullptr || tuple == nullptr) {
    return kNothing;
  }
  // A tensor of a subclass or with attributes: (function, class, arguments, state).
  if ((global->is("torch._tensor", "_rebuild_from_type_v2") ||
       global->is("torch._tensor", "_rebuild_from_type")) &&
      tuple->items.size() >= 3) {
    const auto* function = objects.get<Global>(tuple->items[0]);
    const auto* inner = objects.get<Sequence>(tuple->items[2]);
    if (function != nullptr && inner != nullptr) {
      return call(objects, *function, inner->items);
    }
  }
  return call(objects, *global, tuple->items);
}

Ref persistent(Objects& objects, Ref id) {
  // ("storage", class, key, device, elements[, view])
  const auto* tuple = objects.get<Sequence>(id);
  if (tuple == nullptr || tuple->items.size() < 5) {
    return kNothing;
  }
  const auto* tag = objects.get<std::string_view>(tuple->items[0]);
  const auto* type = objects.get<Global>(tuple->items[1]);
  const auto* key = objects.get<std::string_view>(tuple->items[2]);
  const auto* elements = objects.get<std::int64_t>(tuple->items[4]);
  const bool is_view = tuple->items.size() > 5 && tuple->items[5] != kNothing;
  if (tag == nullptr || *tag != "storage" || type == nullptr || key == nullptr ||
      elements == nullptr || is_view) {
    return kNothing;
  }
  const bool untyped = type->is("torch.storage", "UntypedStorage");
  const std::optional<at::ScalarType> scalar_type = type_of(*type, &Type::storage);
  if (!untyped && !scalar_type) {
    return kNothing;
  }
  std::uint64_t bytes = untyped ? 1 : c10::elementSize(*scalar_type);
  TORCH_CHECK(*elements >= 0 &&
                  !__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(*elements), &bytes),
              objects.where(), ": storage ", *key, " of ", *elements, " elements");
  return objects.add(Storage{.key = *key, .type = scalar_type, .bytes = bytes});
}

}  // namespace lightly::core::pickle
