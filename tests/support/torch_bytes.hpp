#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Files of torch.save put together byte by byte, for the tests of what an attacker could write.
namespace lightly::testing {

/// One entry of a ZIP file; what is set beside name and bytes makes it lie.
struct ZipItem {
  std::string name;
  std::string bytes;
  std::optional<std::uint32_t> claimed_bytes = {};
  /// 0 says that there is no checksum.
  std::uint32_t crc32 = 0;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::optional<std::uint32_t> header_begin = {};
  std::optional<std::string> local_name = {};
};

/// Appends the integer's lowest bytes, little-endian.
inline void put(std::string& bytes, std::uint64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    bytes.push_back(static_cast<char>(value & 0xff));
    value >>= 8;
  }
}

/// A ZIP file whose entries are stored.
inline std::string zip_bytes(const std::vector<ZipItem>& items) {
  std::string bytes;
  std::string directory;
  for (const ZipItem& item : items) {
    const std::uint64_t begin = bytes.size();
    const std::uint64_t claimed = item.claimed_bytes.value_or(item.bytes.size());
    const std::string name = item.local_name.value_or(item.name);
    const auto put_common = [&](std::string& header, std::size_t name_bytes) {
      put(header, 20, 2);
      put(header, item.flags, 2);
      put(header, item.method, 2);
      put(header, 0, 4);  // time
      put(header, item.crc32, 4);
      put(header, claimed, 4);
      put(header, claimed, 4);
      put(header, name_bytes, 2);
      put(header, 0, 2);  // extra fields
    };
    put(bytes, 0x04034b50, 4);
    put_common(bytes, name.size());
    bytes += name + item.bytes;
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2);
    put_common(directory, item.name.size());
    put(directory, 0, 10);  // comment, disk, attributes
    put(directory, item.header_begin.value_or(begin), 4);
    directory += item.name;
  }
  const std::uint64_t begin = bytes.size();
  bytes += directory;
  put(bytes, 0x06054b50, 4);
  put(bytes, 0, 4);
  put(bytes, items.size(), 2);
  put(bytes, items.size(), 2);
  put(bytes, directory.size(), 4);
  put(bytes, begin, 4);
  put(bytes, 0, 2);
  return bytes;
}

/// A file of torch.save with that pickle and storages named "0", "1" ...
inline std::string torch_bytes(const std::string& pickle,
                               const std::vector<std::string>& storages = {}) {
  std::vector<ZipItem> items{{.name = "archive/data.pkl", .bytes = pickle}};
  for (std::size_t i = 0; i < storages.size(); ++i) {
    items.push_back({.name = "archive/data/" + std::to_string(i), .bytes = storages[i]});
  }
  return zip_bytes(items);
}

/// Pieces of a pickle of protocol 2.
namespace pickle {

inline std::string program(const std::string& object) {
  return "\x80\x02" + object + ".";
}

inline std::string text(std::string_view characters) {
  std::string bytes = "X";
  put(bytes, characters.size(), 4);
  return bytes.append(characters);
}

inline std::string integer(std::int64_t value) {
  std::string bytes = "\x8a\x08";
  put(bytes, static_cast<std::uint64_t>(value), 8);
  return bytes;
}

inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}

inline std::string tuple(const std::vector<std::string>& items) {
  std::string bytes = "(";
  for (const std::string& item : items) {
    bytes += item;
  }
  return bytes + "t";
}

inline std::string list(const std::vector<std::string>& items) {
  std::string bytes = "](";
  for (const std::string& item : items) {
    bytes += item;
  }
  return bytes + "e";
}

inline std::string integers(const std::vector<std::int64_t>& values) {
  std::vector<std::string> items;
  for (const std::int64_t value : values) {
    items.push_back(integer(value));
  }
  return tuple(items);
}

inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string bytes = "}(";
  for (const auto& [key, value] : items) {
    bytes += key + value;
  }
  return bytes + "u";
}

inline std::string call(const std::string& module, const std::string& name,
                        const std::vector<std::string>& arguments) {
  return global(module, name) + tuple(arguments) + "R";
}

inline std::string storage(const std::string& type, const std::string& key, std::int64_t elements) {
  return tuple(
             {text("storage"), global("torch", type), text(key), text("cpu"), integer(elements)}) +
         "Q";
}

inline std::string tensor(const std::string& of_storage, std::int64_t offset,
                          const std::vector<std::int64_t>& sizes,
                          const std::vector<std::int64_t>& strides) {
  return call("torch._utils", "_rebuild_tensor_v2",
              {of_storage, integer(offset), integers(sizes), integers(strides), "\x89", dict({})});
}

}  // namespace pickle
}  // namespace lightly::testing
