#include "lightly/core/safetensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <nlohmann/json.hpp>

#include "core/input_file.hpp"
#include "core/shape_limits.hpp"
#include "lightly/core/atomic_file.hpp"

namespace lightly::core {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");

using nlohmann::json;

// The limit of the reference implementation.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

constexpr std::array<std::pair<std::string_view, at::ScalarType>, 10> kTypes{{
    {"F32", at::kFloat},
    {"F64", at::kDouble},
    {"F16", at::kHalf},
    {"BF16", at::kBFloat16},
    {"I64", at::kLong},
    {"I32", at::kInt},
    {"I16", at::kShort},
    {"I8", at::kChar},
    {"U8", at::kByte},
    {"BOOL", at::kBool},
}};

at::ScalarType type_from_name(const std::string& file, const std::string& name,
                              std::string_view type_name) {
  for (const auto& [text, type] : kTypes) {
    if (text == type_name) {
      return type;
    }
  }
  TORCH_CHECK(false, "load_safetensors: ", file, ": unsupported type ", type_name, " of ", name);
}

std::string_view name_from_type(const std::string& name, at::ScalarType type) {
  for (const auto& [text, scalar_type] : kTypes) {
    if (scalar_type == type) {
      return text;
    }
  }
  TORCH_CHECK_VALUE(false, "save_safetensors: unsupported type ", type, " of ", name);
}

// The header: an object of objects of lists, in none of which a name comes twice.
json parse_header(const std::string& file, const std::string& text) {
  constexpr int kMostDepth = 2;
  std::vector<std::set<std::string>> names;  // of the objects that are open
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    using Event = json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      TORCH_CHECK(depth <= kMostDepth, "load_safetensors: ", file,
                  ": the header is nested deeper than ", kMostDepth + 1, " levels");
    }
    if (event == Event::object_start) {
      names.emplace_back();
    } else if (event == Event::object_end) {
      names.pop_back();
    } else if (event == Event::key) {
      TORCH_CHECK(names.back().insert(value.get<std::string>()).second, "load_safetensors: ", file,
                  ": the header names ", value.get<std::string>(), " twice");
    }
    return true;
  };
  json header = json::parse(text, watch, /*allow_exceptions=*/false);
  TORCH_CHECK(header.is_object(), "load_safetensors: ", file, ": the header is not a JSON object");
  return header;
}

// What the header says of one tensor, checked for sense.
struct Entry {
  at::ScalarType type;
  std::vector<std::int64_t> shape;
  std::uint64_t begin;
  std::uint64_t end;
};

// The values of a list; nlohmann's own conversion would take 2.9 for 2.
std::vector<std::uint64_t> whole_numbers(const std::string& where, const json& list) {
  TORCH_CHECK(list.is_array(), where, ": sizes and offsets must be lists, got ", list.type_name());
  std::vector<std::uint64_t> numbers;
  for (const json& number : list) {
    TORCH_CHECK(number.is_number_unsigned(), where,
                ": sizes and offsets must be whole numbers >= 0, got ",
                number.is_number() ? number.dump() : number.type_name());
    numbers.push_back(number.get<std::uint64_t>());
  }
  return numbers;
}

Entry parse_entry(const std::string& file, const std::string& name, const json& value,
                  std::uint64_t data_bytes) {
  const std::string where = c10::str("load_safetensors: ", file, ": bad entry ", name);
  Entry entry{};
  std::vector<std::uint64_t> sizes;
  try {
    entry.type = type_from_name(file, name, value.at("dtype").get<std::string>());
    sizes = whole_numbers(where, value.at("shape"));
    const std::vector<std::uint64_t> offsets = whole_numbers(where, value.at("data_offsets"));
    TORCH_CHECK(offsets.size() == 2, where, ": data_offsets must be two numbers, got ",
                offsets.size());
    entry.begin = offsets[0];
    entry.end = offsets[1];
  } catch (const json::exception& error) {
    TORCH_CHECK(false, where, ": ", error.what());
  }
  TORCH_CHECK(entry.begin <= entry.end && entry.end <= data_bytes, "load_safetensors: ", file, ": ",
              name, " lies at [", entry.begin, ", ", entry.end, "), the file holds ", data_bytes,
              " bytes of data");
  TORCH_CHECK(sizes.size() <= kMostAxes, where, ": ", sizes.size(), " axes, more than ", kMostAxes);
  auto bytes = static_cast<std::int64_t>(c10::elementSize(entry.type));
  const bool countable =
      std::ranges::all_of(sizes, [&](auto size) { return multiply_by_axis(bytes, size); });
  const bool empty = std::ranges::count(sizes, 0U) > 0;
  TORCH_CHECK(
      countable && (empty ? 0 : static_cast<std::uint64_t>(bytes)) == entry.end - entry.begin,
      "load_safetensors: ", file, ": the shape of ", name, " does not fit its ",
      entry.end - entry.begin, " bytes");
  entry.shape.assign(sizes.begin(), sizes.end());
  return entry;
}

// The tensors must fill the data without gaps and overlaps, in any order: then they need no more
// memory than the file has bytes. Sorts `entries` by where they lie.
void check_layout(const std::string& file, std::vector<std::pair<std::string, Entry>>& entries,
                  std::uint64_t data_bytes) {
  std::ranges::sort(entries, {},
                    [](const auto& item) { return std::pair(item.second.begin, item.second.end); });
  std::uint64_t end = 0;
  for (const auto& [name, entry] : entries) {
    TORCH_CHECK(entry.begin == end, "load_safetensors: ", file, ": ", name, " must begin at ", end,
                ", got ", entry.begin);
    end = entry.end;
  }
  TORCH_CHECK(end == data_bytes, "load_safetensors: ", file, ": the tensors end at ", end,
              ", the data at ", data_bytes);
}

}  // namespace

const at::Tensor& Safetensors::at(const std::string& name) const {
  const auto found = tensors.find(name);
  TORCH_CHECK(found != tensors.end(), "Safetensors: no tensor named ", name);
  return found->second;
}

Safetensors load_safetensors(const std::filesystem::path& path) {
  InputFile stream("load_safetensors", path);
  const std::string file = path.string();
  const std::uint64_t file_bytes = stream.size();
  std::uint64_t header_bytes = 0;
  TORCH_CHECK(file_bytes >= sizeof(header_bytes), "load_safetensors: ", file,
              ": too short for a header, ", file_bytes, " bytes");
  stream.read(0, &header_bytes, sizeof(header_bytes), "the header's length");
  TORCH_CHECK(header_bytes <= kMaxHeaderBytes && header_bytes <= file_bytes - sizeof(header_bytes),
              "load_safetensors: ", file, ": the header claims ", header_bytes,
              " bytes, the file has ", file_bytes);
  const json header =
      parse_header(file, stream.read(sizeof(header_bytes), header_bytes, "the header"));

  const std::uint64_t data_begin = sizeof(header_bytes) + header_bytes;
  const std::uint64_t data_bytes = file_bytes - data_begin;
  Safetensors content;
  std::vector<std::pair<std::string, Entry>> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      TORCH_CHECK(value.is_object(), "load_safetensors: ", file, ": __metadata__ is not an object");
      for (const auto& [key, text] : value.items()) {
        TORCH_CHECK(text.is_string(), "load_safetensors: ", file, ": metadata ", key,
                    " is no text");
        content.metadata[key] = text.get<std::string>();
      }
      continue;
    }
    entries.emplace_back(name, parse_entry(file, name, value, data_bytes));
  }
  check_layout(file, entries, data_bytes);
  for (const auto& [name, entry] : entries) {
    at::Tensor tensor = at::empty(entry.shape, at::TensorOptions().dtype(entry.type));
    stream.read(data_begin + entry.begin, tensor.mutable_data_ptr(), entry.end - entry.begin, name);
    if (entry.type == at::kBool) {
      const auto* bytes = static_cast<const std::uint8_t*>(tensor.const_data_ptr());
      TORCH_CHECK(std::all_of(bytes, bytes + tensor.nbytes(), [](auto byte) { return byte <= 1; }),
                  "load_safetensors: ", file, ": ", name, " must hold bools of 0 or 1");
    }
    content.tensors[name] = std::move(tensor);
  }
  return content;
}

void save_safetensors(const std::filesystem::path& path, const Safetensors& content) {
  json header = json::object();
  if (!content.metadata.empty()) {
    header["__metadata__"] = content.metadata;
  }
  std::vector<std::pair<std::string, at::Tensor>> ordered;
  for (const auto& [name, tensor] : content.tensors) {
    TORCH_CHECK_VALUE(tensor.defined() && name != "__metadata__",
                      "save_safetensors: no tensor may be undefined or named __metadata__, got ",
                      name);
    ordered.emplace_back(name, tensor.detach().cpu().contiguous());
  }
  // Wide elements first, as the reference implementation does, so that every tensor lies aligned.
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();
  });
  std::uint64_t offset = 0;
  for (const auto& [name, stored] : ordered) {
    const auto bytes = static_cast<std::uint64_t>(stored.nbytes());
    header[name] = {{"dtype", name_from_type(name, stored.scalar_type())},
                    {"shape", stored.sizes().vec()},
                    {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const json::exception& error) {
    TORCH_CHECK_VALUE(false, "save_safetensors: ", path.string(),
                      ": names and metadata must be UTF-8, got ", error.what());
  }
  text.append((8 - text.size() % 8) % 8, ' ');  // the data begins 8-byte aligned
  const std::uint64_t header_bytes = text.size();

  AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(&header_bytes), sizeof(header_bytes)});
  file.write(text);
  for (const auto& [name, stored] : ordered) {
    file.write({static_cast<const char*>(stored.const_data_ptr()), stored.nbytes()});
  }
  file.commit();
}

}  // namespace lightly::core
